"""Which feature environments cleanup destroys.

`inventory` is everything that was found, `inventory_builder` puts it together from listings. `plan` decides: for each
entry a `decision`, by `ownership_rules` and then `lease_rules`, in the words of `wording`. `leftovers` decides the same
for single resources. Unknown, unreadable or contradictory means keep."""
