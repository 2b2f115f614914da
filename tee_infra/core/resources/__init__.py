"""What an environment consists of besides tables, as data: the program creates it, tests and the embedded AWS check it.

`access` has roles, policies and the permissions boundary, and `evaluator` decides a request by them; `alarms`,
`dashboard` and `topic_policy` watch; `audit_trail` records; `account` is what one account has once: state buckets,
their key, the control table."""
