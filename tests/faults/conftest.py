from tests.services import dynamodb_local, service, shared_moto  # noqa: F401
