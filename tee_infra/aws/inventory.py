"""Listings of an account's resources that may belong to an environment."""

from collections.abc import Mapping
from typing import Any, Final, Self

from tee_infra.aws.connection import Connection, aws_errors
from tee_infra.aws.pagination import all_pages, member
from tee_infra.core import names
from tee_infra.core.tags import PREFIX

_TAGGED_PAGE: Final = 100
_ROLES_PAGE: Final = 1000
"""The most that the tagging API (GetResources, ResourcesPerPage) and IAM (ListRoles, MaxItems) return at once."""


class AwsInventory:
    """Listings of one account and region. A partial listing is an error. Raises `AwsError`."""

    def __init__(self, tagging: Any, dynamodb: Any, iam: Any) -> None:
        self._tagging = tagging
        self._dynamodb = dynamodb
        self._iam = iam

    @classmethod
    def connect(cls, connection: Connection) -> Self:
        """The inventory at `connection`."""
        services = ("resourcegroupstaggingapi", "dynamodb", "iam")
        with aws_errors("opening AWS"):
            session = connection.session()
            return cls(*(session.client(service, endpoint_url=connection.endpoint) for service in services))

    def tagged(self) -> dict[str, dict[str, str]]:
        """ARN -> tags of every resource with a `managed-by` tag. IAM's roles are not among them.

        For a while after a change AWS still lists deleted resources and leaves out new ones (AWS, "Tag editor").
        """
        filters = [{"Key": f"{PREFIX}managed-by"}]
        found = all_pages(
            self._tagging, "get_resources", "ResourceTagMappingList", "PaginationToken",
            ends_empty=True, TagFilters=filters, ResourcesPerPage=_TAGGED_PAGE,
        )  # fmt: skip
        return {resource["ResourceARN"]: _plain(resource["Tags"]) for resource in found}

    def tables(self) -> list[str]:
        """The names of all tables of the account, current."""
        return all_pages(self._dynamodb, "list_tables", "TableNames", "LastEvaluatedTableName")

    def roles(self) -> list[str]:
        """The ARNs of all roles of environments, by their path. The listing has no tags."""
        roles = all_pages(
            self._iam, "list_roles", "Roles", "Marker", PathPrefix=f"/{names.SERVICE}/", MaxItems=_ROLES_PAGE
        )
        return [role["Arn"] for role in roles]

    def role_tags(self, role: str) -> dict[str, str] | None:
        """The tags of one role; None where it no longer exists."""
        what = f"reading the tags of role {role}"
        with aws_errors(what):
            try:
                answer = self._iam.list_role_tags(RoleName=role)  # a page holds 100, and IAM lets a role have 50
            except self._iam.exceptions.NoSuchEntityException:
                return None
        return _plain(member(answer, "Tags", what))


def _plain(tags: list[Mapping[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}
