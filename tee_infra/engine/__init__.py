"""Finds, installs or builds the Pulumi CLI, and adds the language host that a built one lacks.

`find_engine` changes nothing; `ensure_engine` (`ensure`) obtains a missing CLI: `find` searches PATH and the cache,
`install` runs the official installer, `build` compiles the CLI from the Go module pinned in `gomod/`, with the
Go from `go`. Each fills a `cache` slot, which is complete or absent. `beside_cli` puts the language host, a separate
program in `language_host/`, beside a built CLI. `docs/engine.md` lists the files and their places.
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
