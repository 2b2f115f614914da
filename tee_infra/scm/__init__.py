"""The application's git repository and the host that it lives on: branches, pull requests, review comments."""
