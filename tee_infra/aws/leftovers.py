"""Finding and deleting the leftovers of one environment in AWS."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, Self

from tee_infra.aws.connection import Connection, aws_errors
from tee_infra.aws.pagination import all_pages, member
from tee_infra.core import names
from tee_infra.core.app_config import table_names
from tee_infra.core.cleanup.inventory import Resource
from tee_infra.core.environments import Environment
from tee_infra.core.tables.description import TableFacts, description_of
from tee_infra.core.tags import StackTags, parse
from tee_infra.core.unreadable import Unreadable

# A table is deleted seconds after DeleteTable, a big one minutes. AWS's own waiter gives up after 8 minutes too.
_GONE: Final[Any] = {"Delay": 2, "MaxAttempts": 240}


class Leftovers:
    """One environment's tables, roles and parameters, found by their names and paths. Raises `AwsError`."""

    def __init__(self, dynamodb: Any, iam: Any, ssm: Any, project: str) -> None:
        self._dynamodb = dynamodb
        self._iam = iam
        self._ssm = ssm
        self._project = project

    @classmethod
    def connect(cls, connection: Connection, project: str) -> Self:
        """The environment's leftovers at `connection`. `project` is the one in the tag `tee:stack`."""
        with aws_errors("opening AWS"):
            session = connection.session()
            return cls(
                session.client("dynamodb", endpoint_url=connection.endpoint),
                session.client("iam", endpoint_url=connection.endpoint),
                session.client("ssm", endpoint_url=connection.endpoint),
                project,
            )

    def tables(self, environment: Environment) -> dict[str, TableFacts]:
        """The catalog's tables of the environment that exist, being deleted or not, by physical name."""
        found: dict[str, TableFacts] = {}
        for name in table_names(environment).values():
            with aws_errors(f"looking for table {name}"):
                try:
                    described = self._dynamodb.describe_table(TableName=name)
                except self._dynamodb.exceptions.ResourceNotFoundException:
                    continue
            found[name] = TableFacts.read(description_of(name, described))
        return found

    def find(self, environment: Environment) -> list[Resource]:
        """All its existing resources with their tags: tables by name, roles and parameters by path."""
        with aws_errors(f"looking for leftovers of {environment.name}"):
            return [*self._tables(environment), *self._roles(environment), *self._parameters(environment)]

    def delete(self, resource: Resource) -> None:
        """Delete a resource from `find` and wait until it is deleted; a missing one is fine."""
        delete = {"table": self._delete_table, "role": self._delete_role, "parameter": self._delete_parameter}
        with aws_errors(f"deleting {resource.kind} {resource.name}"):
            delete[resource.kind](resource.name)

    def _tables(self, environment: Environment) -> Iterable[Resource]:
        for name, table in self.tables(environment).items():
            tags = all_pages(self._dynamodb, "list_tags_of_resource", "Tags", "NextToken", ResourceArn=table.arn)
            yield Resource(kind="table", name=name, arn=table.arn, tags=self._read(tags))

    def _roles(self, environment: Environment) -> Iterable[Resource]:
        prefix = names.iam_path(environment.name)
        for role in all_pages(self._iam, "list_roles", "Roles", "Marker", PathPrefix=prefix):
            name = role["RoleName"]
            tags = all_pages(self._iam, "list_role_tags", "Tags", "Marker", RoleName=name)
            yield Resource(kind="role", name=name, arn=role["Arn"], tags=self._read(tags))

    def _parameters(self, environment: Environment) -> Iterable[Resource]:
        path = names.parameter(environment.name)
        found = all_pages(self._ssm, "get_parameters_by_path", "Parameters", "NextToken", Path=path, Recursive=True)
        for parameter in found:
            name = parameter["Name"]
            answer = self._ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)
            tags = member(answer, "TagList", f"the tags of parameter {name}")
            yield Resource(kind="parameter", name=name, arn=parameter["ARN"], tags=self._read(tags))

    def _read(self, tags: Iterable[Mapping[str, str]]) -> StackTags | Unreadable | None:
        return parse({tag["Key"]: tag["Value"] for tag in tags}, self._project)

    def _delete_table(self, name: str) -> None:
        known = self._dynamodb.exceptions
        with suppress(known.ResourceNotFoundException, known.ResourceInUseException):  # deleted, or being deleted
            self._dynamodb.delete_table(TableName=name)
        self._dynamodb.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig=_GONE)

    def _delete_role(self, name: str) -> None:
        """A role can be deleted without inline policies. IAM refuses if it has attached policies."""
        with suppress(self._iam.exceptions.NoSuchEntityException):
            pages = self._iam.get_paginator("list_role_policies")
            for policy in [policy for page in pages.paginate(RoleName=name) for policy in page["PolicyNames"]]:
                self._iam.delete_role_policy(RoleName=name, PolicyName=policy)
            self._iam.delete_role(RoleName=name)

    def _delete_parameter(self, name: str) -> None:
        with suppress(self._ssm.exceptions.ParameterNotFound):
            self._ssm.delete_parameter(Name=name)
