"""A feature environment's life: its record, its lease, and who may change it.

`record` is the row in the control table, and `stored_record` reads it strictly; `lease` computes how long it lives;
`transitions` and `destroy_transitions` are the only changes of it. `branches` and `branch_activity` are what git says
about it. `lock` is mutual exclusion, `actor` who acts, `history` what was done."""
