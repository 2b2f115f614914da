"""What the engine planned or did (`engine_run`), what a change means for a table (`table_change`), and which changes
`up` refuses (`blocked`)."""
