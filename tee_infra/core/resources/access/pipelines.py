"""The roles of pipelines on GitHub: the deployer of an environment, and the cleanup of feature environments."""

from collections.abc import Mapping, Sequence
from typing import Final

from tee_infra.core.arns import Arns
from tee_infra.core.environments import FEATURE_HOST, Environment
from tee_infra.core.resources.access.actions import (
    CHANGE_TABLE,
    CHANGE_TAG_ACCESS,
    DATA_PLANE,
    DELETE_TABLE,
    DESCRIBE,
)
from tee_infra.core.resources.access.documents import (
    EVERYTHING,
    Document,
    Statement,
    allow,
    deny,
    document,
)
from tee_infra.core.resources.access.grants import INLINE, deployer_grants, find_features
from tee_infra.core.resources.access.privileged import daily, never_its_own_alert, only_privileged
from tee_infra.core.resources.access.role import PRIVILEGED, Role
from tee_infra.core.resources.access.state import FILES, control_and_key, ephemeral_state, standing_state
from tee_infra.core.settings import Settings

GITHUB: Final = "token.actions.githubusercontent.com"
"""The issuer of GitHub's tokens. Of their claims, STS compares `sub`, `aud`, `repository_id`, `job_workflow_ref` and a
few others, but not `repository_owner_id` (IAM user guide, "Available keys for AWS OIDC federation")."""

SEED: Final = "dynamodb:BatchWriteItem"
"""The only write that cannot return item data: the others can return the old item."""


def deployer(environment: Environment, settings: Settings, arns: Arns) -> Role:
    """The workflow job that runs `pulumi up`: creates and changes resources, sees no item.

    It can create roles only inside the permissions boundary, and cannot change the boundary or itself: a person runs
    the first `up` of an environment, and later changes to those. In production it may make `privileged.DAILY_CHANGES`
    and no other change.
    """
    groups, denies = deployer_grants(environment, settings, deployed_arns(environment, arns)), list[Statement]()
    if environment.kind.production:
        denies = [only_privileged([grant for group in groups.values() for grant in group])]
        groups = {about: daily(group) for about, group in groups.items()}
    return Role(
        name="deployer",
        description="Deployments from GitHub: changes resources, sees no item",
        trust=_github(settings, arns, environment.name, workflow=settings.job_workflow_ref),
        permissions=_deployments(environment, arns, [*groups[INLINE], *denies]),
        attached=_attached(groups),
    )


def privileged_deployer(environment: Environment, settings: Settings, arns: Arns) -> Role:
    """Production's deployer of everything else: access, evidence, and what keeps data from being lost.

    Its GitHub environment, `{environment}-privileged`, has reviewers of its own. A call to STS in another region would
    reach no rule of this one, so only this region's endpoint lets it in.
    """
    groups = deployer_grants(environment, settings, deployed_arns(environment, arns))
    trusted = f"{environment.name}-privileged"
    return Role(
        name=PRIVILEGED,
        description="Approved deployments from GitHub: changes access, evidence and protection; each use is reported",
        trust=_github(settings, arns, trusted, workflow=settings.job_workflow_ref, region=arns.region),
        permissions=_deployments(environment, arns, [*groups[INLINE], never_its_own_alert(arns)]),
        attached=_attached(groups),
    )


def cleanup(environment: Environment, settings: Settings, arns: Arns) -> Role:
    """The scheduled cleanup: deletes feature environments and their leftovers, and cannot name a permanent environment.

    It cannot switch off a table's deletion protection either: a protected table stays.
    """
    features = feature_arns(arns)
    standing = arns.state_bucket("standing")
    return Role(
        name="cleanup",
        description="Cleanup of feature environments: deletes their resources, and no others",
        trust=_github(settings, arns, f"{environment.name}-cleanup"),
        permissions=document(
            # These list and take no resource; deletes are allowed only under the feature names below.
            allow("Look", ["dynamodb:ListTables", "ssm:DescribeParameters", "tag:GetResources"], EVERYTHING),
            *find_features(features),
            allow("DeleteTables", [*DESCRIBE, DELETE_TABLE], features.tables),
            allow(
                "DeleteParameters",
                ["ssm:DeleteParameter", "ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource"],
                [features.parameters],
            ),
            allow(
                "DeleteRoles",
                [
                    "iam:DeleteRole",
                    "iam:DeleteRolePolicy",
                    "iam:GetRole",
                    "iam:GetRolePolicy",
                    "iam:ListAttachedRolePolicies",
                    "iam:ListInstanceProfilesForRole",
                    "iam:ListRolePolicies",
                    "iam:ListRoleTags",
                ],
                [features.role("*")],
            ),
            *control_and_key(arns),
            *ephemeral_state(arns),
            deny("NeverItems", DATA_PLANE, [*features.tables, *features.indexes]),
            deny("NeverChangeTables", CHANGE_TABLE, features.tables),
            deny("NeverStandingState", [*FILES, "s3:ListBucket"], [standing, f"{standing}/*"]),
        ),
    )


def pipeline_state(environment: Environment, arns: Arns) -> list[Statement]:
    """A deployer's access to the account's locks, records and state, and to the key of the state."""
    features = ephemeral_state(arns) if hosts_features(environment) else []
    return [*control_and_key(arns), *standing_state(arns), *features]


def hosts_features(environment: Environment) -> bool:
    """Whether this environment's pipelines create and clean up feature environments."""
    return environment.name == FEATURE_HOST


def feature_arns(arns: Arns) -> Arns:
    """The ARNs of every feature environment. No permanent environment's name can begin with `feature-`."""
    return Arns(account_id=arns.account_id, region=arns.region, environment="feature-*")


def deployed_arns(environment: Environment, arns: Arns) -> list[Arns]:
    """The scope of an environment's pipelines: itself, and feature environments where it hosts them."""
    return [arns, feature_arns(arns)] if hosts_features(environment) else [arns]


def _deployments(environment: Environment, arns: Arns, grants: Sequence[Statement]) -> Document:
    """What every deployer has besides its grants.

    Items, the anonymization key, and every change of a pipeline or of a boundary are denied in `pipeline_boundary`.
    """
    seed = []
    if hosts_features(environment):
        # Synthetic members. No read: only copies of other environments' data need that.
        seed = [
            allow("SeedFeatures", [SEED], feature_arns(arns).tables),
            deny("SeedNoOther", [SEED], [arns.named_tables]),
        ]
    return document(
        *grants,
        *pipeline_state(environment, arns),
        *seed,
        deny("NeverSwitchTagAccess", [CHANGE_TAG_ACCESS], EVERYTHING),
    )


def _attached(groups: Mapping[str, Sequence[Statement]]) -> dict[str, Document]:
    return {about: document(*group) for about, group in groups.items() if group and about != INLINE}


def _github(
    settings: Settings,
    arns: Arns,
    github_environment: str,
    *,
    workflow: str | None = None,
    region: str | None = None,
) -> Document:
    """Jobs of one GitHub environment of one repository, whose own rules say who may start them.

    Never a wildcard: `repo:OWNER/NAME:*` would let any branch's workflow in, pull requests included.
    """
    known = {"aud": "sts.amazonaws.com", "sub": _subjects(settings, github_environment)}
    if settings.repository_id is not None:
        known["repository_id"] = settings.repository_id
    if workflow is not None:
        known["job_workflow_ref"] = workflow
    where = {} if region is None else {"aws:RequestedRegion": region}
    statement = allow(
        "Job",
        ["sts:AssumeRoleWithWebIdentity"],
        principal={"Federated": arns.github},
        conditions={"StringEquals": {f"{GITHUB}:{claim}": value for claim, value in known.items()} | where},
    )
    return document(statement)


def _subjects(settings: Settings, github_environment: str) -> list[str]:
    """The spellings of GitHub's `sub` for one environment of one repository.

    With numbers in it since 2026-07-15, for repositories that were created or renamed since then or that chose it, and
    without them for all others (docs.github.com, OpenID Connect reference, "Immutable subject claims").
    """
    repositories = [settings.repository]
    if settings.repository_id is not None:
        owner, _, name = settings.repository.partition("/")
        repositories.append(f"{owner}@{settings.repository_owner_id}/{name}@{settings.repository_id}")
    return [f"repo:{repository}:environment:{github_environment}" for repository in repositories]
