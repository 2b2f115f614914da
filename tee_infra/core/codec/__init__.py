"""Items: read, measured, compared, selected and replaced as bytes. Spark can carry it: nothing else of core is used.

`raw_items` reads and writes request bodies, `responses` classifies the replies, `reply_checks` compares them with the
requests, `refusals` names the items that DynamoDB refuses and `item_rules` has the rules, `rate_limiter` paces the
requests and `item_size` measures. `scan_filter`, `subset` and `entities` select; `transform` is the type of a change on
the way; `anonymizer` applies the rules with `pseudonyms` and `name_pool`, to the usual items through `declared_items`,
and `anonymize_report` counts them. `masking` hides personal values from a person, `plain_items` prints items,
`key_text` reads a typed key. `digest` compares, and `expiry` is the rule by which TTL deletes items. `synthetic`
invents items with `synthetic_values`."""
