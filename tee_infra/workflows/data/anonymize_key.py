"""The key of the pseudonyms: kept where the source is, never where the copy goes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tee_infra.aws.connection import Connection
from tee_infra.aws.ssm import read_secret
from tee_infra.core import names
from tee_infra.core.codec.pseudonyms import derive_key
from tee_infra.core.environments import Environment
from tee_infra.errors import UsageError

KEY_VARIABLE: Final = "TEE_ANONYMIZE_KEY"
_PARAMETER: Final = "anonymize-key"


class NoKeyError(UsageError):
    """There is no key to anonymize with; `parameter` is where it should be."""

    def __init__(self, parameter: str | None) -> None:
        self.parameter = parameter
        missing, step = "a table of no environment has no key of its own", "Name"
        if parameter:
            missing = f"no key in the SSM parameter {parameter}"
            step = (
                f"Make one: aws ssm put-parameter --type SecureString --name {parameter} "
                '--value "$(openssl rand -base64 32)"; or name'
            )
        super().__init__(missing, next=f"{step} one with --key-file or {KEY_VARIABLE}")


def read_key(
    source: Environment | None, key_file: Path | None, environ: Mapping[str, str], connection: Connection
) -> bytes:
    """The key: in `key_file`, else in TEE_ANONYMIZE_KEY, else in the source's SSM parameter.

    Raises `NoKeyError`, `WeakKeyError`, `AwsError`.
    """
    if key_file is not None:
        return derive_key(key_file.read_text())
    if secret := environ.get(KEY_VARIABLE):
        return derive_key(secret)
    if source is None:
        raise NoKeyError(None)
    parameter = names.parameter(source.name, _PARAMETER)
    if (secret := read_secret(parameter, connection)) is None:
        raise NoKeyError(parameter)
    return derive_key(secret)
