"""The role with which a command enters an end of a copy: the one that is named, or the environment's own."""

import re
from typing import Final

from tee_infra.core.arns import Arns
from tee_infra.core.environments import Environment
from tee_infra.errors import RefusedError, UsageError

_ROLE: Final = re.compile(r"arn:aws(?:-[a-z]+)*:iam::([0-9]{12}):role/(?:[!-~]+/)?([\w+=,.@\-]{1,64})", re.ASCII)
_SESSION: Final = re.compile(r"arn:aws(?:-[a-z]+)*:sts::([0-9]{12}):assumed-role/([^/]+)/[^/]+", re.ASCII)


class RoleAccountError(RefusedError):
    """A role of another account than the one in the settings."""

    def __init__(self, subject: str, account_id: str, role: str, option: str) -> None:
        self.subject = subject
        self.account_id = account_id
        self.role = role
        super().__init__(
            f"{subject}: its settings name AWS account {account_id}, but {option} is {role}. Nothing was contacted",
            next="Name a role of that account",
        )


class NoRolesHereError(UsageError):
    """A role for an end that is not an AWS account's."""

    def __init__(self, subject: str, option: str, place: str) -> None:
        self.subject = subject
        super().__init__(
            f"{subject}: {option} names a role of an AWS account, but {place}. Nothing was contacted",
            next=f"Leave out {option}",
        )


def own_role(environment: Environment, account_id: str, region: str) -> str:
    """The ARN of the role that copies an environment's items: its migrator, or a feature environment's developer."""
    role = "developer" if environment.is_feature else "migrator"
    return Arns(account_id=account_id, region=region, environment=environment.name).role(role)


def account_of(role: str, option: str) -> str:
    """The account of a role, by its ARN. Raises `UsageError`."""
    found = _ROLE.fullmatch(role)
    if found is None:
        raise UsageError(
            f"{option}: {role!r} is not the ARN of a role. Nothing was contacted",
            next="Write it as arn:aws:iam::123456789012:role/NAME",
        )
    return found[1]


def is_session_of(caller: str, role: str) -> bool:
    """Whether a caller (an ARN, as STS gives it) is in a session of `role` already. A session's ARN has no path."""
    session, named = _SESSION.fullmatch(caller), _ROLE.fullmatch(role)
    return session is not None and named is not None and session.groups() == named.groups()
