"""Moving a table that is in use to another one, as decisions without I/O.

A protocol is a generator: it yields what it wants from AWS, the journal or the clock (`requests`) and is sent the
answer. Production and the tests' simulator drive the same generators. `journal` is what a run writes down and resumes
from, `run` what its tasks share. A run takes a stream position, copies values (`bulk_copy`), waits for the barrier
and follows the stream (`tail`), each key through its lane (`lanes`, `copying`); `replication` is this order.
`heartbeat` proves that the target has all writes up to a moment. `validation` compares the tables while both are
written; `recheck` decides single keys."""
