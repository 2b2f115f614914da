"""What the data commands decide before they read or write.

`copy_policy` says who may copy what where, `end_roles` with which role,
`estimate` what it takes, `resume_point` how an interrupted copy continues,
`comparison` what differs. `backup` has the manifest and the plan of a restore, `s3_bulk_load` the way through S3."""
