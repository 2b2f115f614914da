"""Use cases: gather facts, decide in core, execute, report."""
