"""moto's contents in a file: one pickle per service, account and region, sealed with the user's key.

The directory is not trusted: it may be part of a checkout of another person. One that this user's own process has not
written is set aside unread.
"""

import pickle
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from moto import backends
from moto.core.base_backend import BackendDict

from tee_infra.local import pickling
from tee_infra.local.sealed import read_sealed, write_sealed
from tee_infra.local.user_key import FileRefusedError

Held = dict[tuple[str, str, str], bytes]
PASSING = {"dynamodbstreams"}  # iterators, which expire; the records are the table's


def save(path: Path, key: bytes) -> None:
    """Write the contents of every service; the caller makes sure that nothing changes meanwhile.

    The earlier file stays intact until the new one is complete. A service that cannot be saved is named in the log.
    """
    held: Held = {}
    in_use: list[Any] = cast("Any", BackendDict)._instances  # moto has no public list of them
    for services in in_use:
        if services.service_name in PASSING:
            continue
        for account, region, backend in services.iter_backends():
            try:
                held[services.service_name, account, region] = pickling.dumps(backend)
            except (TypeError, AttributeError, pickle.PicklingError) as error:
                print(f"{services.service_name} cannot be saved and is lost at stop: {error}", file=sys.stderr)  # noqa: T201  # the log
    write_sealed(path, pickle.dumps({"moto": version("moto"), "held": held}), key)


def load(path: Path, key: bytes) -> str | None:
    """Load `path` into moto. Return a notice for people when the file could not be used and was set aside.

    Raises OSError for a file that cannot be set aside either: an empty start would overwrite it.
    """
    try:
        content = pickle.loads(read_sealed(path, key))  # noqa: S301
        if content["moto"] != version("moto"):
            return _set_aside(path, f"it was written by moto {content['moto']}, this is {version('moto')}")
        kept = {place: pickle.loads(backend) for place, backend in cast("Held", content["held"]).items()}  # noqa: S301
    except FileNotFoundError:
        return None
    except FileRefusedError as error:
        return _set_aside(path, f"it {error}")
    except Exception as error:  # a damaged pickle can raise anything
        return _set_aside(path, f"{type(error).__name__}: {error}")
    for (service, account, region), backend in kept.items():
        backends.get_backend(cast("Any", service))[account][region] = backend
    return None


def _set_aside(path: Path, reason: str) -> str:
    aside = path.with_name(f"{path.name}.unreadable-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}")
    path.rename(aside)
    return f"The snapshot could not be read ({reason}). It was set aside as {aside}; the embedded AWS starts empty."
