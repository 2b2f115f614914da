"""`tee-infra up | preview | refresh | down | list | show | schema | env export`."""
