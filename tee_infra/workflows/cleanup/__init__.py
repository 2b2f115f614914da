"""Destroy expired feature environments.

`inventory` reads everything, `live_branches` asks which branches live, `run` plans, shows, and destroys under each
environment's lock. Without `--execute` it only reads."""
