"""The anonymization key: kept in the account of the source, never in that of the target."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tee_infra.aws.connection import Connection
from tee_infra.aws.ssm import read_secret
from tee_infra.core import names
from tee_infra.core.codec.pseudonyms import derive_key
from tee_infra.core.environments import Environment
from tee_infra.errors import UsageError
from tee_infra.workflows.files import UnusableFileError, read_given

KEY_VARIABLE: Final = "TEE_ANONYMIZE_KEY"
_MOST_KEY_BYTES: Final = 64 * 1024


class KeyFileError(UsageError):
    """The file with the anonymization key cannot be read; `reason` is the cause."""

    def __init__(self, file: Path, reason: str) -> None:
        self.file = str(file)
        self.reason = reason
        super().__init__(
            f"--key-file {file}: {reason}. Nothing was written",
            next="Name a regular file with the key as text. To create a key: openssl rand -base64 32",
        )


class NoKeyError(UsageError):
    """There is no anonymization key; `parameter` is the SSM parameter that should hold it."""

    def __init__(self, environment: str | None, parameter: str | None) -> None:
        self.parameter = parameter
        missing, step = "the table belongs to no environment, so no SSM parameter holds a key", ""
        if parameter:
            missing = f"no SSM parameter {parameter}"
            step = f", or create the parameter: tee-infra data make-key {environment}"
        super().__init__(
            f"anonymization key: {missing}. Nothing was written",
            next=f"Give a key with --key-file FILE or {KEY_VARIABLE}{step}",
        )


def read_key(
    source: Environment | None, key_file: Path | None, environ: Mapping[str, str], connection: Connection
) -> bytes:
    """The key: in `key_file`, else in TEE_ANONYMIZE_KEY, else in the source's SSM parameter.

    Raises `KeyFileError`, `NoKeyError`, `WeakKeyError`, `AwsError`.
    """
    return given_key(key_file, environ) or stored_key(source, connection)


def given_key(key_file: Path | None, environ: Mapping[str, str]) -> bytes | None:
    """The key in `key_file`, else in TEE_ANONYMIZE_KEY, else None. Raises `KeyFileError`, `WeakKeyError`."""
    if key_file is not None:
        return derive_key(_read(key_file))
    secret = environ.get(KEY_VARIABLE)
    return derive_key(secret) if secret else None


def stored_key(source: Environment | None, connection: Connection) -> bytes:
    """The key in the source's SSM parameter. Raises `NoKeyError`, `WeakKeyError`, `AwsError`."""
    if source is None:
        raise NoKeyError(None, None)
    parameter = names.parameter(source.name, names.ANONYMIZE_KEY)
    if (secret := read_secret(parameter, connection)) is None:
        raise NoKeyError(source.name, parameter)
    return derive_key(secret)


def _read(file: Path) -> str:
    try:
        return read_given(file, _MOST_KEY_BYTES).decode()
    except UnusableFileError as error:
        raise KeyFileError(file, error.reason) from None
    except UnicodeDecodeError:
        raise KeyFileError(file, "not valid UTF-8") from None
