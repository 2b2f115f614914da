"""What the engine planned or did (`engine_run`), and what a change means for a table (`table_change`)."""
