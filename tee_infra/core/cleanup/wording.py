"""Phrases of cleanup reasons: the contents of an environment, times and the next command."""

from datetime import datetime

from tee_infra.core.cleanup.decision import CleanupCase
from tee_infra.core.times import render_left, render_time


def repair_hint(case: CleanupCase) -> str:
    """The next command to type."""
    return f"repair it: tee-infra repair {case.found.name}"


def contents(case: CleanupCase) -> str:
    """`it has a stack, 3 tables and 2 roles`."""
    found = case.found
    parts = ["a stack"] if found.has_stack else []
    kinds = [resource.kind if resource.kind != "other" else "resource" for resource in case.resources]
    for kind in dict.fromkeys(kinds):
        count = kinds.count(kind)
        parts.append(f"1 {kind}" if count == 1 else f"{count} {kind}s")
    if not parts:
        return "it has no stack and no resources"
    listed = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
    return f"it has {listed}"


def render_when(moment: datetime, now: datetime) -> str:
    """`2026-12-01T00:00:00Z (in 2 h)`."""
    return f"{render_time(moment)} ({render_left(moment, now)})"


def short_commit(commit: str | None) -> str:
    """The beginning of a commit's hash."""
    return (commit or "nothing")[:12]
