"""One way to an AWS account and to a stack in it.

`checkout` finds the project and its settings, `session` resolves which AWS they mean, `embedded_aws` starts the one on
this machine, `bootstrap` prepares an account. `stack_session` opens a stack and its lock, `apply` previews and changes
it, `engine_locks` removes lock files of runs that ended. `file_store` is a folder or a place in S3, `app_variables`
are what the app needs to know."""
