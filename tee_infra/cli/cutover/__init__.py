"""`tee-infra migrate | slots | switch | rollback | archive`: tables that move to another slot while they are in use."""
