"""Settings of one environment: strict by default, relaxed per kind, overridden by `Pulumi.<stack>.yaml`."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from tee_infra.core import names
from tee_infra.core.environments import SLOT_PATTERN, Environment
from tee_infra.core.tables import catalog
from tee_infra.errors import UsageError

# CloudWatch Logs keeps events for one of these numbers of days (PutRetentionPolicy, retentionInDays).
LogRetentionDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 3653]

DEFAULT_REGION: Final = "us-east-1"
PLACEHOLDER_OWNER: Final = "example"
OWNER: Final = r"^[\w.+\-@ ]{1,128}$"
"""An environment's owner: characters that IAM accepts in a tag's value."""

_NUMBERED: Final = re.compile(r"(?P<owner>[\w.\-]+)@(?P<owner_id>[0-9]+)/(?P<name>[\w.\-]+)@(?P<id>[0-9]+)")
_SLOT: Final = rf"^(?:{names.LEGACY}|{SLOT_PATTERN})$"
MOST_SLOTS: Final = 2
"""Beside production's own: the one before it and the next one. More would take policies beyond half of IAM's limits."""
_GITHUB_ID: Final = r"^[1-9][0-9]{0,19}$"


class Settings(BaseModel):
    """The settings of an environment. The defaults are production's; kinds relax them in `environments.KINDS`.

    Only the `environment` object of `Pulumi.<stack>.yaml` overrides a field.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str
    """The stack's name again: a file copied to another stack and not adapted is refused."""
    owner: Annotated[str, Field(pattern=OWNER)]
    """The owner: a team or an address."""
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")] = DEFAULT_REGION
    account_id: Annotated[str, Field(pattern=r"^[0-9]{12}$")] | None = None
    """The only AWS account that it may use. None: the embedded AWS."""
    repository: Annotated[str, Field(pattern=r"^[\w.\-]+/[\w.\-]+$")] = f"{PLACEHOLDER_OWNER}/tee-admin"
    """The GitHub repository (`owner/name`) whose workflows may assume the deployer role.

    `owner@ID/name@ID`, as GitHub's tokens spell it since 2026-07-15, sets the two numbers below as well.
    """
    repository_id: Annotated[str, Field(pattern=_GITHUB_ID)] | None = None
    """GitHub's number of the repository: it survives a rename and is never given to another repository."""
    repository_owner_id: Annotated[str, Field(pattern=_GITHUB_ID)] | None = None
    """GitHub's number of its owner."""
    job_workflow_ref: (
        Annotated[str, Field(pattern=r"^[\w.\-]+/[\w.\-]+/\.github/workflows/[\w.\-]+\.ya?ml@refs/[\w.\-/]+$")] | None
    ) = None
    """The only workflow file, at the only ref, that may assume the deployer role. None: any of the repository."""
    alert_email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")] | None = None

    catalog_version: Annotated[int, Field(ge=1)] | None = 1
    """The version of the table catalog that its tables have. None: the newest."""
    billing_mode: Literal["PAY_PER_REQUEST", "PROVISIONED"] = "PAY_PER_REQUEST"
    max_read_units: Annotated[int, Field(ge=1)] | None = None
    """Read units a second: the cap of each on-demand table and index, or their provisioned capacity. None: no cap."""
    max_write_units: Annotated[int, Field(ge=1)] | None = None
    """Write units a second, as above."""
    table_class: Literal["STANDARD", "STANDARD_INFREQUENT_ACCESS"] = "STANDARD"
    point_in_time_recovery_days: Annotated[int, Field(ge=1, le=35)] | None = 35
    """The days that a table can be restored back to. None: no point-in-time recovery."""

    deletion_protection: bool = True
    """DynamoDB's own deletion protection for tables."""
    protect: bool = True
    """Pulumi's protection against deleting or replacing a resource."""
    customer_managed_key: bool = True
    """Encrypt with a KMS key of this environment instead of the key that AWS owns."""

    log_retention_days: LogRetentionDays = 365
    alarms: bool = True
    monthly_budget_usd: Annotated[float, Field(gt=0, strict=False)] | None = 200.0
    audit: Literal["off", "all", "non_app"] = "all"
    """The item-level calls that CloudTrail records: none, all, or all but the app's own."""
    slots: Annotated[tuple[Annotated[str, Field(pattern=_SLOT)], ...], Field(max_length=MOST_SLOTS, strict=False)] = ()
    """Production only: its other slots, such as `prod-v2` or `legacy`, which the roles of its app and people reach."""
    max_feature_environments: Annotated[int, Field(ge=1)] = 20
    """The most feature environments at the same time; only dev's setting counts."""

    archived: bool = False
    """Slots of production only: its tables were deleted by `tee-infra archive`; keys, roles and the trail stay."""

    branch: str | None = None
    """Feature environments only: the raw git branch."""
    expires_at: Annotated[AwareDatetime, Field(strict=False)] | None = None
    """Feature environments only: the time after which it may be cleaned up, RFC 3339."""

    @model_validator(mode="before")
    @classmethod
    def _split_repository(cls, given: Any) -> Any:
        """`owner@ID/name@ID` is the name and its numbers."""
        spelt = _NUMBERED.fullmatch(str(given.get("repository"))) if isinstance(given, Mapping) else None
        if spelt is None:
            return given
        ids = {"repository_owner_id": spelt["owner_id"], "repository_id": spelt["id"]}
        for name, value in ids.items():
            if given.get(name, value) != value:
                raise ValueError(f"{name} is {given[name]!r}, but repository is {given['repository']!r}")
        return {**given, **ids, "repository": f"{spelt['owner']}/{spelt['name']}"}

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.billing_mode == "PROVISIONED" and (self.max_read_units is None or self.max_write_units is None):
            raise ValueError("billing_mode PROVISIONED needs max_read_units and max_write_units")
        if (self.max_read_units is None) != (self.max_write_units is None):
            raise ValueError("max_read_units and max_write_units belong together: set both or neither")
        if self.catalog_version is not None and self.catalog_version not in catalog.VERSIONS:
            known = ", ".join(map(str, sorted(catalog.VERSIONS)))
            raise ValueError(f"catalog_version is {self.catalog_version}; allowed: {known}")
        if len(set(self.slots)) < len(self.slots):
            raise ValueError(f"slots has one slot twice: {', '.join(self.slots)}")
        if names.LEGACY in self.slots[:-1] or names.LEGACY in self.slots[1:]:
            raise ValueError(f"slots has {names.LEGACY} and another slot; migrate from {names.LEGACY} first")
        if (self.repository_id is None) != (self.repository_owner_id is None):
            raise ValueError("repository_id and repository_owner_id belong together: set both or neither")
        if self.account_id is not None and self.repository.startswith(f"{PLACEHOLDER_OWNER}/"):
            raise ValueError(
                f"repository is still the placeholder {self.repository!r}; with an account_id it must be your own "
                "repository, because its workflows may assume the deployer role"
            )
        return self

    @property
    def tables(self) -> tuple[catalog.Table, ...]:
        """The tables of its version of the catalog, none in an archived slot."""
        return () if self.archived else catalog.tables_of(self.catalog_version)


class SettingsError(UsageError):
    """An invalid configuration; `problems` has one line for each setting."""

    def __init__(self, stack: str, problems: list[str], *, next: str | None = None) -> None:  # noqa: A002
        self.stack = stack
        self.problems = problems
        super().__init__(f"Pulumi.{stack}.yaml: {'; '.join(problems)}", next=next)


def settings_for(environment: Environment, config: Mapping[str, Any]) -> Settings:
    """The settings of `environment`: its kind's, overridden by `config`, the `environment` object of its stack.

    Raises `SettingsError` with every invalid key, its value and the allowed values.
    """
    stack = environment.name
    try:
        settings = Settings.model_validate({**environment.kind.settings, **config})
    except ValidationError as error:
        raise SettingsError(stack, [_problem(dict(detail)) for detail in error.errors()]) from None
    if settings.name != stack:
        raise SettingsError(stack, [f"environment.name is {settings.name!r}, but the stack is {stack!r}"])
    if settings.slots and (environment.slot is not None or not environment.kind.production):
        raise SettingsError(stack, ["only prod has environment.slots"])
    has_lease = settings.branch is not None and settings.expires_at is not None
    if environment.is_feature and not has_lease:
        raise SettingsError(stack, ["a feature environment needs environment.branch and environment.expires_at"])
    if environment.is_feature and settings.audit != "off":
        raise SettingsError(
            stack, [f"environment.audit is {settings.audit!r}; a feature environment has no audit trail"]
        )
    if not environment.is_feature and (settings.branch or settings.expires_at):
        raise SettingsError(stack, ["only feature environments have environment.branch and environment.expires_at"])
    if settings.archived and not environment.kind.production:
        raise SettingsError(stack, ["only slots of production have environment.archived"])
    return settings


def _problem(detail: dict[str, Any]) -> str:
    key = ".".join(("environment", *(str(part) for part in detail["loc"])))
    match detail["type"]:
        case "missing":
            return f"{key} is missing"
        case "extra_forbidden":
            return f"{key} is not a setting; allowed: {', '.join(Settings.model_fields)}"
        case "value_error":
            return str(detail["ctx"]["error"])
        case _:
            return f"{key} is {detail['input']!r}: {detail['msg'][0].lower()}{detail['msg'][1:]}"
