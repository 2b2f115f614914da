"""Replication of tables in use: it writes items of the target, sentinels of the source, and the control table.

`replication` replicates all tables side by side, each as a `table_replication`, whose tasks `task_loop` drives.
`table_requests` performs what the tasks ask for in the threads of a `worker_pool`: `item_client` reads and writes
items, `sentinel_writer` the items of heartbeats, `journal_writer` the journal, while the replication's lock is held.
"""
