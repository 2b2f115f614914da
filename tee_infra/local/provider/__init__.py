"""A small `aws` provider: tables of rules, one file per AWS service, and the few functions that follow them.

`rules` says what a table is made of, `check` `compare` and `merge` follow it, `operations` strings them together for
one resource, `service` speaks Pulumi's provider gRPC, and `registry` lists the tables.
"""
