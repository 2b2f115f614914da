"""Make the anonymization key of a source: random, kept in SSM, never shown."""

import base64
import secrets
from dataclasses import dataclass
from typing import Final

from tee_infra.aws.connection import Connection
from tee_infra.aws.ssm import write_secret
from tee_infra.core import names
from tee_infra.core.environments import Environment
from tee_infra.errors import RefusedError, UsageError

_KEY_BYTES: Final = 32


class KeyExistsError(RefusedError):
    """The source has a key already: `parameter` is its name in SSM. Another key would give other pseudonyms."""

    def __init__(self, environment: str, parameter: str) -> None:
        self.environment = environment
        self.parameter = parameter
        super().__init__(
            f"{environment}: SSM parameter {parameter} exists, and another key would give every member another "
            "pseudonym. Nothing was changed",
            next=f"For new pseudonyms: tee-infra data make-key {environment} --replace",
        )


@dataclass(frozen=True, kw_only=True)
class MadeKey:
    """A key that was written: its parameter, and the number of the parameter's version, 1 for the first."""

    parameter: str
    version: int


def check_source_of_key(environment: Environment) -> None:
    """Raises `UsageError` for a feature environment: its destruction would leave the parameter behind."""
    if environment.is_feature:
        raise UsageError(
            f"{environment.name}: feature environments have no anonymization key. Nothing was changed",
            next="Give a key with --key-file FILE to anonymize its items",
        )


def make_key(environment: Environment, connection: Connection, *, replace: bool) -> MadeKey:
    """Write a new key, which only SSM has afterwards; it keeps the earlier versions of the parameter.

    Raises `KeyExistsError` for a second one without `replace`, also if two runs make the first; `AwsError`.
    """
    check_source_of_key(environment)
    parameter = names.parameter(environment.name, names.ANONYMIZE_KEY)
    secret = base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()
    version = write_secret(parameter, secret, connection, replace=replace)
    if version is None:
        raise KeyExistsError(environment.name, parameter)
    return MadeKey(parameter=parameter, version=version)
