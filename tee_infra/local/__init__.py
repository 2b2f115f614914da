"""The embedded AWS: a moto server and a small `aws` provider for the engine."""
