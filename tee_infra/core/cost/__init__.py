"""Cost estimates: `prices` is the dated price list, `environment` and `resource` apply it."""
