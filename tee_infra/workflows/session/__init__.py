"""One way to an AWS account and to a stack in it.

`checkout` finds the project and its settings, `session` decides which AWS they mean and connects to it, `data_session`
does the same for items and backups, `ends` for both ends of a copy with a role at each, `open_slot` finds the tables
that production's app writes to, `own_environment` the environment of the current git branch, `embedded_aws` starts the
one on this machine, `bootstrap` prepares an account.
`stack_session` opens a stack and its lock, `apply` previews and changes it, `engine_state` reads its state, and
`engine_locks` removes lock files of runs that ended. `file_store` is a folder or a place in S3, `app_variables` are the
app's table names and variables, and `command` runs one of the app's with them.
A session writes nothing in an account; on this machine it starts the embedded AWS and prepares it.
"""
