"""The embedded AWS's own controls, in the serving process: streams whose shards split, close and are trimmed.

The door has made sure that the request is of the owner's credentials; the request lock is held.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from moto.dynamodb.models import dynamodb_backends

from tee_infra.local import stream_shards
from tee_infra.local.control_request import CONTROL_PATH
from tee_infra.local.pidfile import ACCOUNT_ID

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Arguments = Mapping[str, Any]
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


ACTIONS: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {"split": _split, "trim": _trim}
"""By name. Each gets the members of the request, and answers with members of its own."""
