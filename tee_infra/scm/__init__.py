"""The application's git repository and its host: branches, pull requests, review comments."""
