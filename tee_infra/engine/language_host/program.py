"""The Python side of a Pulumi program: its interpreter, environment and packages, from the engine's `ProgramInfo`."""

import json
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from pulumi.runtime.proto.language_pb2 import ProgramInfo
from pulumi.runtime.proto.plugin_pb2 import PackageDependency


class ProgramError(Exception):
    """The program cannot be run with its Pulumi.yaml: one line for its author."""


def virtualenv(info: ProgramInfo) -> Path | None:
    """The folder that the runtime option `virtualenv` names, relative to Pulumi.yaml; None without the option.

    Raises:
        ProgramError: on an option that this host does not know, or a folder without a Python.
    """
    options = dict(info.options)
    unknown = sorted(options.keys() - {"virtualenv"})
    if unknown:
        raise ProgramError(
            f"runtime option {', '.join(unknown)} of {info.root_directory}/Pulumi.yaml: this host supports only "
            "`virtualenv`; remove the option, or install the official Pulumi CLI, whose host supports it"
        )
    if not options.get("virtualenv"):
        return None
    folder = Path(info.root_directory, str(options["virtualenv"]))
    if not (folder / "bin" / "python").exists():
        raise ProgramError(f"no bin/python in {folder}, which `virtualenv` in Pulumi.yaml names: create the virtualenv")
    return folder


def interpreter(info: ProgramInfo) -> Path:
    """The program's Python: the virtualenv's, otherwise the one that runs this host."""
    folder = virtualenv(info)
    return folder / "bin" / "python" if folder else Path(sys.executable)


def activated(environ: dict[str, str], info: ProgramInfo) -> dict[str, str]:
    """The environment with the program's virtualenv active, as the official host sets it."""
    folder = virtualenv(info)
    if folder is None:
        return environ
    rest = {name: value for name, value in environ.items() if name != "PYTHONHOME"}
    return rest | {"VIRTUAL_ENV": str(folder), "PATH": f"{folder / 'bin'}{os.pathsep}{environ.get('PATH', '')}"}


def site_packages(info: ProgramInfo) -> list[Path]:
    """The folders that hold the program's installed packages."""
    folder = virtualenv(info)
    if folder is None:
        return [Path(sysconfig.get_path("purelib"))]
    return sorted(folder.glob("lib/python3*/site-packages"))


def installed(info: ProgramInfo) -> Iterable[Distribution]:
    """Every distribution in the program's environment."""
    return distributions(path=[str(folder) for folder in site_packages(info)])


def required_packages(info: ProgramInfo) -> Iterator[PackageDependency]:
    """The provider plugins that the installed provider SDKs ask for in their `pulumi-plugin.json`.

    Parameterized packages are left to the engine, which installs them when the program registers them.
    """
    for folder in site_packages(info):
        for file in sorted(folder.glob("*/pulumi-plugin.json")):
            plugin = json.loads(file.read_text(encoding="utf-8"))
            if plugin.get("resource") and "parameterization" not in plugin:
                yield PackageDependency(
                    name=plugin.get("name") or file.parent.name.removeprefix("pulumi_").replace("_", "-"),
                    kind="resource",
                    version=plugin.get("version", ""),
                    server=plugin.get("server", ""),
                )
