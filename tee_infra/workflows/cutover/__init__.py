"""Replication of tables in use, and the switch from one slot's tables to the next slot's, and back.

A replication writes items of the target, sentinels of the source, and the control table. `replication` replicates all
tables side by side, each as a `table_replication`, whose tasks `task_loop` drives. `table_requests` performs what the
tasks ask for in the threads of a `worker_pool`: `item_client` reads and writes items, `sentinel_writer` the items of
heartbeats, `journal_writer` the journal, while the replication's lock is held. `references` checks what the catalog
says across tables.

`migrate` is the command: `plan` decides whether it may begin, `transform` loads the operator's function, `warming`
raises what the target takes at once, `orders`, `reporting` and `status` are the orders to a running one and its
reports. `shadow_reads` are what the app's clients have found.

A switch writes the control table only: the pointer, its journal, and the way back. `context` is what its commands work
with, `slots` lists the slots. `takeover` takes the replication into the process of `switch`, `measure` finds the facts
on which it may begin, and `switch_runner` carries out the steps that `tee_infra.core.cutover.switching` asks for;
`earlier_switch` is what an earlier run left, `lossy_rollback` the way back without the writes since.
`tail` follows the open slot into the one before it, from the `tail_position` that a switch has written down.

The bare tables are adopted first: `adopt` reads them, and the engine gets them into their own stack, `legacy_stack`.
Tables that a switch has replaced are deleted at the end: `retirement_facts` measures whether they are still used, and
`retire` makes the final backup, takes their protections off and deletes them, under the locks of a switch, of
replications into the slot and of its stack.
"""
