"""Pulumi's own files in a backend, read without the engine.

`files` has their places, `checkpoint` reads a stack's state, `pending_operations` what an interrupted run left open,
`integrity` checks what the engine asks of a state."""
