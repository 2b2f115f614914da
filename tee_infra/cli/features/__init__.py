"""`tee-infra feature …`."""
