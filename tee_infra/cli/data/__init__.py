"""`tee-infra data …`."""
