"""The Pulumi program: `deploy()` and its components."""
