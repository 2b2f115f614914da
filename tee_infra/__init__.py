"""Isolated environments for a DynamoDB application."""
