"""Secrets in SSM's Parameter Store."""

from tee_infra.aws.connection import Connection, aws_errors


def read_secret(name: str, connection: Connection) -> str | None:
    """The decrypted value of the parameter, None when there is none. Raises `AwsError`."""
    with aws_errors(f"reading parameter {name}"):
        client = connection.session().client("ssm", endpoint_url=connection.endpoint)
        try:
            found = client.get_parameter(Name=name, WithDecryption=True)["Parameter"]
        except client.exceptions.ParameterNotFound:
            return None
    return found.get("Value")
