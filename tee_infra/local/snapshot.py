"""moto's contents in a file: one pickle per service, account and region.

The file is trusted: it is in a directory that only its owner can write, and is never read from another place.
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
from tee_infra.local.pidfile import write_whole

Held = dict[tuple[str, str, str], bytes]
PASSING = {"dynamodbstreams"}  # iterators, which expire; the records are the table's


def save(path: Path) -> None:
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
    write_whole(path, pickle.dumps({"moto": version("moto"), "held": held}))


def load(path: Path) -> str | None:
    """Load `path` into moto. Return a notice for people when the file could not be used and was set aside."""
    if not path.exists():
        return None
    try:
        content = pickle.loads(path.read_bytes())  # noqa: S301
        if content["moto"] != version("moto"):
            return _set_aside(path, f"it was written by moto {content['moto']}, this is {version('moto')}")
        kept = {place: pickle.loads(backend) for place, backend in cast("Held", content["held"]).items()}  # noqa: S301
    except Exception as error:  # a damaged pickle can raise anything
        return _set_aside(path, f"{type(error).__name__}: {error}")
    for (service, account, region), backend in kept.items():
        backends.get_backend(cast("Any", service))[account][region] = backend
    return None


def _set_aside(path: Path, reason: str) -> str:
    aside = path.with_name(f"{path.name}.unreadable-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    path.replace(aside)
    return f"The snapshot could not be read ({reason}). It was set aside as {aside}; the embedded AWS starts empty."
