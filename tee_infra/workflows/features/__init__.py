"""Feature environments: one for each branch.

`context` is what every command here works with. `create`: `request` reads what is asked for, `admission` decides every
refusal, then the record, the stack and `seed`. `lease` extends and holds, `list` and `json_view` show, `usage` counts
items. `destroy`: `plan_destroy`, then `destroy_steps`.
`create` locks the environment and writes record, stack and items; `extend`, `hold` and `release` write the record only;
`destroy` locks it and destroys stack, tables, state and leftovers."""
