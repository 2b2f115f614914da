"""Makes the SDK's generated messages importable without importing the SDK, which takes a second of every start."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def put_bare_packages() -> None:
    """Put bare packages for `pulumi`, `pulumi.runtime` and `pulumi.runtime.proto` into `sys.modules`.

    Only for a process that never runs a Pulumi program: the packages have a path and nothing else.

    Raises:
        SystemExit: with one line, when this interpreter has no Pulumi SDK or no grpc.
    """
    spec = importlib.util.find_spec("pulumi")
    if spec is None or spec.submodule_search_locations is None or importlib.util.find_spec("grpc") is None:
        raise SystemExit(
            f"pulumi-language-python: no Pulumi SDK in {sys.executable}: install the pulumi package there, "
            "or set `virtualenv` under runtime options in Pulumi.yaml to the virtualenv that has it"
        )
    folders = [Path(folder) for folder in spec.submodule_search_locations]
    for name in ("pulumi", "pulumi.runtime", "pulumi.runtime.proto"):
        package = ModuleType(name)
        package.__path__ = [str(folder.joinpath(*name.split(".")[1:])) for folder in folders]
        sys.modules[name] = package
