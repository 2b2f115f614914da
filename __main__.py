from tee_infra.program import deploy

deploy()
