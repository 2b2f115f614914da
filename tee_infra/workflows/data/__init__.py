"""Moving and comparing items. Nothing here takes an environment's lock; a copy's resume file keeps a second one out.

A copy: `copy_environment` or `sync_dev` plan and run, `table_guard` reads what the tables are, `copy_table` copies one
table, `workers` are its threads, `table_io` scans and puts the batches of `write_queue` through `request_loop`, which
retries, over `transport`. `resume_file` lets it continue, `source_watch` notices changes of the source,
`compare_tables` and `locate_differences` check it, `validate_environment` compares two environments. `seed` writes
synthetic items, `anonymize_key` reads the key and `make_key` makes it, `anonymize_report` shows the rules, `look` reads
a few items for a person, `progress` is how work reports. `copy`, `sync-dev` and `seed` write items of the target and
delete none; `validate` and `look` only read; `empty_table` deletes every item of a table, for `reset` only."""
