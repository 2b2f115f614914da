"""Adapters to AWS. Only they and `local` use boto3."""
