"""Pulumi's generated messages without its SDK, which the embedded AWS does not use: a sixth of its start.

They are the SDK's own modules: what imports the SDK later in the same process gets the same messages.
"""

import importlib.util
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Final

_PACKAGES: Final = ("pulumi", "pulumi.runtime", "pulumi.runtime.proto")

__all__ = ["plugin_pb2", "provider_pb2", "provider_pb2_grpc", "status_pb2"]


@contextmanager
def _bare_packages() -> Generator[None]:
    """Packages that have a path and nothing else, unless something else has imported the SDK already."""
    spec = importlib.util.find_spec("pulumi")
    if "pulumi" in sys.modules or spec is None or spec.submodule_search_locations is None:
        yield
        return
    for name in _PACKAGES:
        package = ModuleType(name)
        package.__path__ = [str(Path(folder, *name.split(".")[1:])) for folder in spec.submodule_search_locations]
        sys.modules[name] = package
    try:
        yield
    finally:
        for name in _PACKAGES:
            del sys.modules[name]


with _bare_packages():
    from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2
