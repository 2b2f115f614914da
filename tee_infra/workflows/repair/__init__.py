"""Repair an environment: `subject` opens it, `diagnose` finds what is wrong, `repair` mends it under its lock.

It removes dead locks, adopts resources into a lost state, and destroys nothing."""
