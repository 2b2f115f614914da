"""Pure decisions: standard library, pydantic and msgspec only."""
