"""`tee-infra legacy`: the tables without an environment's name in front, from adoption to deletion."""
