"""What moto holds, kept in a file: per service, account and region, the backend as a pickle.

The file is ours alone: it lies in a directory that only its owner writes, and is never taken from anywhere else.
"""

import io
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import dill
from moto import backends
from moto.core.base_backend import BackendDict

from tee_infra.local.runfile import write_whole

Held = dict[str, dict[str, dict[str, Any]]]


def save(path: Path) -> None:
    """Write what every service holds; the caller sees to it that nothing changes meanwhile.

    The file before it stays whole until the new one is complete.
    """
    held: Held = {}
    in_use: list[Any] = cast("Any", BackendDict)._instances  # moto has no public list of them
    for services in in_use:
        for account, region, backend in services.iter_backends():
            held.setdefault(services.service_name, {}).setdefault(account, {})[region] = backend
    content = io.BytesIO()
    dill.dump({"moto": version("moto"), "held": held}, content)
    write_whole(path, content.getvalue())


def load(path: Path) -> str | None:
    """Give moto what `path` holds. Return a notice for a person when the file could not be used and was set aside."""
    if not path.exists():
        return None
    try:
        with path.open("rb") as file:
            content = dill.load(file)  # noqa: S301
        if content["moto"] != version("moto"):
            return _set_aside(path, f"it was written by moto {content['moto']}, this is {version('moto')}")
        held = cast("Held", content["held"])
    except Exception as error:  # a damaged pickle can raise anything
        return _set_aside(path, f"{type(error).__name__}: {error}")
    for service, accounts in held.items():
        services = backends.get_backend(cast("Any", service))
        for account, regions in accounts.items():
            for region, backend in regions.items():
                services[account][region] = backend
    return None


def _set_aside(path: Path, reason: str) -> str:
    aside = path.with_name(f"{path.name}.unreadable-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    path.replace(aside)
    return f"The snapshot could not be read ({reason}). It was set aside as {aside}; the embedded AWS starts empty."
