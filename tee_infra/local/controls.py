"""The embedded AWS's own controls, in the serving process: its streams' shards, its faults and its clock.

The door has made sure that the request is of the owner's credentials; the request lock is held.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from moto.dynamodb.models import dynamodb_backends

from tee_infra.local import stream_shards
from tee_infra.local.clock import clock
from tee_infra.local.control_request import CONTROL_PATH
from tee_infra.local.expiry import expire
from tee_infra.local.faults import faults
from tee_infra.local.late_writes import Late, landing
from tee_infra.local.pidfile import ACCOUNT_ID
from tee_infra.local.share import Share
from tee_infra.local.table_policies import changes
from tee_infra.local.throttling import Throttle, caps

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Arguments = Mapping[str, Any]
_FARTHEST_SECONDS: Final = 10 * 365 * 86_400.0
_LIST_TABLES: Final = "List the tables: aws dynamodb list-tables"


class NotPossibleError(Exception):
    """What was asked cannot be done. `advice`: what to do instead."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.advice = advice


class Controls:
    """A WSGI application around moto's that answers control requests."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:  # noqa: D102  # WSGI
        if environ.get("PATH_INFO") != CONTROL_PATH:
            return self._application(environ, start_response)
        try:
            asked = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
            status, answer = "200 OK", ACTIONS[asked.pop("action")](asked)
        except NotPossibleError as error:
            status, answer = "409 CONFLICT", {"refused": str(error), "next": error.advice}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            status, answer = "400 BAD REQUEST", {"unknown": repr(error)}
        body = json.dumps(answer).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]


def tables() -> Iterator[Any]:
    """Every table in every region."""
    for backend in list(dynamodb_backends[ACCOUNT_ID].values()):
        yield from list(backend.tables.values())


def _streams_of(arguments: Arguments) -> list[Any]:
    """The first shards of the table's streams, in every region that has such a table."""
    found = require_tables(arguments)
    streams = [table.stream_shard for table in found if table.stream_shard is not None]
    if not streams:
        raise NotPossibleError(f"the stream of {arguments['table']} is off", "Switch it on first")
    return streams


def require_tables(arguments: Arguments) -> list[Any]:
    """The tables of a name. Raises `NotPossibleError`."""
    found = [table for table in tables() if table.name == arguments["table"]]
    if not found:
        raise NotPossibleError(f"there is no table {arguments['table']}", _LIST_TABLES)
    return found


def _split(arguments: Arguments) -> dict[str, Any]:
    streams = _streams_of(arguments)
    return {"open_shards": sum(stream_shards.split(first, arguments["parts"]) for first in streams)}


def _trim(arguments: Arguments) -> dict[str, Any]:
    return {"trimmed_records": sum(stream_shards.trim(first) for first in _streams_of(arguments))}


def _late(arguments: Arguments) -> dict[str, Any]:
    require_tables(arguments)
    share = Share(int(arguments["percent"]))
    faults.late[arguments["table"]] = Late(share, float(arguments["seconds"]))
    return _faults(arguments)


def _throttle(arguments: Arguments) -> dict[str, Any]:
    name, percent = arguments["table"], arguments["percent"]
    if percent is None and not any(caps(table) for table in require_tables(arguments)):
        raise NotPossibleError(f"{name} has no maximum throughput", "Give a percentage, e.g. 20%")
    require_tables(arguments)
    faults.throttled[name] = Throttle(None if percent is None else Share(int(percent)))
    return _faults(arguments)


def _move(arguments: Arguments) -> dict[str, Any]:
    ahead = clock.ahead + float(arguments["seconds"])
    if not 0 <= ahead <= _FARTHEST_SECONDS:
        raise NotPossibleError("its clock would be more than 10 years ahead", "Give a shorter duration")
    clock.ahead = ahead
    return {"ahead_seconds": ahead, "now": clock.now(), "expired_items": expire(tables(), clock.now())}


def _reset(_arguments: Arguments) -> dict[str, Any]:
    clock.ahead = 0.0
    return {"ahead_seconds": 0.0, "now": clock.now(), "expired_items": 0}


def _delay_policies(arguments: Arguments) -> dict[str, Any]:
    changes.delay = float(arguments["seconds"])
    return _faults(arguments)


def _clear(arguments: Arguments) -> dict[str, Any]:
    faults.clear()
    changes.clear()
    return _faults(arguments)


def _faults(_arguments: Arguments) -> dict[str, Any]:
    return {
        **faults.describe(),
        "late_writes_waiting": len(landing),
        "policy_delay_seconds": changes.delay,
    }


ACTIONS: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "split": _split,
    "trim": _trim,
    "late": _late,
    "throttle": _throttle,
    "delay policies": _delay_policies,
    "clear": _clear,
    "move": _move,
    "reset": _reset,
}
"""By name. Each gets the members of the request, and answers with members of its own."""
