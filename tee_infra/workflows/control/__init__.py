"""The control table in use: records, locks, history.

`records` finds and changes a feature environment's record, conditionally. `environment_lock` takes an environment's
lock, renews it, and notices its loss; `processes` identifies the process that holds one. `history` notes begin and end
of an action."""
