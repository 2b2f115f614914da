"""Adapters: the only users of boto3."""
