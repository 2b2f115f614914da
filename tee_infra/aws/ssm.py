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


def write_secret(name: str, secret: str, connection: Connection, *, replace: bool) -> int | None:
    """Write an encrypted parameter: the number of its version, None where it exists and is not to be replaced.

    Raises `AwsError`, without the secret.
    """
    with aws_errors(f"writing parameter {name}"):
        client = connection.session().client("ssm", endpoint_url=connection.endpoint)
        try:
            written = client.put_parameter(Name=name, Value=secret, Type="SecureString", Overwrite=replace)
        except client.exceptions.ParameterAlreadyExists:
            return None
    return int(written["Version"])
