"""The app's tables, in the order in which they are described.

`catalog` lists them with keys and indexes, `item_shapes` says what their items hold and what of it is personal.
`description` is a live table as DescribeTable gives it, `live_schema` compares it with the catalog, and
`create_request` makes a table again from it. Everything else about tables follows from the catalog."""
