"""Thin commands over the workflows."""
