"""`tee-infra backup …`."""
