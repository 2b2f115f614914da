"""How long things take. Prints tables and asserts nothing."""
