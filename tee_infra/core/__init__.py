"""Pure decisions: standard library and pydantic only."""
