"""`comment`: write a review comment into a file or onto the pull request, and keep one per environment."""
