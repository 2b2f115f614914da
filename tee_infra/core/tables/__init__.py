"""The app's tables, in the order in which they are described.

`catalog` lists them with keys and indexes, `named_table` finds one by the name that was typed, `references` what is
true across them, `catalog_rules` checks it when it is imported, `item_shapes` says what their items hold and what of it
is personal. `description` is a live table as DescribeTable gives it, `live_schema` compares it with the catalog,
`beyond_catalog` has what no catalog can express, and `create_request` makes a table again from it. Everything else
about tables follows from the catalog."""
