"""Finds, installs or builds the Pulumi CLI, and brings the language host that a built one lacks.

`find_engine` looks and changes nothing; `ensure_engine` obtains what is missing (`ensure`): `find` asks PATH and the
cache, `install` runs the official installer, `build` compiles the CLI from the Go module pinned in `gomod/`, with the
Go from `go`. Each fills a `cache` slot, which is whole or not there. `beside_cli` puts the language host, a program of
its own in `language_host/`, beside a built CLI. `docs/engine.md` says what lies where.
"""

from tee_infra.engine.doctor import engine_findings
from tee_infra.engine.ensure import ensure_engine
from tee_infra.engine.facts import Engine, EngineUnavailableError
from tee_infra.engine.find import find_engine
from tee_infra.engine.progress import Progress, report_to

__all__ = [
    "Engine",
    "EngineUnavailableError",
    "Progress",
    "engine_findings",
    "ensure_engine",
    "find_engine",
    "report_to",
]
