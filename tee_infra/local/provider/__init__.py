"""A small `aws` provider: tables of rules, one file per AWS service, and the few functions that follow them.

`rules` defines the tables' parts, `check`, `compare` and `merge` follow them, `operations` combines these for
one resource, `service` serves Pulumi's provider gRPC, and `registry` lists the tables.
"""
