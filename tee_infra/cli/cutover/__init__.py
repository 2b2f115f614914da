"""`tee-infra migrate | slots | switch | rollback`: tables that move to another slot while they are in use."""
