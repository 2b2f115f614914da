"""What the data commands decide before they read or write.

`table_identity` says what is production, `copy_policy` who may copy what where, `end_roles` with which role,
`estimate` what it takes, `resume_point` how an interrupted copy continues, `comparison` what differs. `backup` has the
manifest and the plan of a restore, `restore_policy` which backup may go where, `s3_bulk_load` the way through S3."""
