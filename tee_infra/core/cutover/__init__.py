"""The cut-over of production from one slot's tables, in use, to the next slot's, without losing a write.

All of it is decisions without I/O: a protocol is a generator that yields what it wants from AWS, the journal or the
clock and is sent the answer. Production and the tests' simulators drive the same generators.

Replication: `requests` are what it asks for, `journal` what a run writes down and resumes from, `run` what its tasks
share. A run takes a stream position, copies values (`bulk_copy`), waits for the barrier and follows the stream
(`tail`), each key through its lane (`lanes`, `copying`); `replication` is this order. `heartbeat` proves that the
target has all writes up to a moment. `validation` compares the tables while both are written; `recheck` decides
single keys, `invariants` references between tables. `sentinels` are the items of heartbeats, and `journal_items` the
journal as the control table has it.

`migration` decides whether one may begin at all, and `warming` what the target has to take at once; `progress_report`
has a running one's reports, and the orders to it. `shadow_reads` are what the app's clients have found in both slots.

Switch: `pointer` is the item in the control table that names the open slot, and its only changes; `slots` are what it
may name. `preflight` decides on `preflight_facts` whether a switch may begin, `same_tables` compares the tables of both
slots for it. `switch_steps` are the steps that a switch asks of its runner, and `switching` is their order;
`rehearsal` runs it in virtual time for the expected window. `tail_role` is what a tail does before and after it, and
`tail_comparison` when it compares both slots.

Before and after: `adoption` decides what the bare tables get before they are migrated, `retirement` when the tables of
a slot that was replaced may be deleted."""
