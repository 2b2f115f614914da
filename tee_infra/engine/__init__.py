"""Finds, installs or builds the Pulumi CLI."""
