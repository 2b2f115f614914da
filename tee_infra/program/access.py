"""The roles of an environment."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.environments import Environment
from tee_infra.core.resources import access
from tee_infra.core.settings import Settings


class Access(pulumi.ComponentResource):
    """The boundary and every role of `tee_infra.core.resources.access`. `roles` maps logical names to them."""

    roles: dict[str, aws.iam.Role]
    boundary_arn: pulumi.Input[str]

    def __init__(
        self, name: str, environment: Environment, settings: Settings, arns: Arns, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("tee:index:Access", name, None, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        self.boundary_arn = self._boundary(environment, arns)
        self.roles = {role.name: self._role(role, environment) for role in access.roles(environment, settings, arns)}
        self.register_outputs({"roles": {name: role.arn for name, role in self.roles.items()}})

    def _boundary(self, environment: Environment, arns: Arns) -> pulumi.Input[str]:
        if environment.is_feature:
            return access.bounded_by(environment, arns)
        return aws.iam.Policy(
            f"{self._name}-boundary",
            name=names.boundary(environment.name),
            path=names.iam_path(environment.name),
            description=f"The most that any role of {environment.name} can do",
            policy=access.render(access.boundary(environment, arns)),
            opts=self._child,
        ).arn

    def _role(self, spec: access.Role, environment: Environment) -> aws.iam.Role:
        role = aws.iam.Role(
            f"{self._name}-{spec.name}",
            name=names.role(environment.name, spec.name),
            path=names.iam_path(environment.name),
            description=spec.description,
            assume_role_policy=access.render(spec.trust),
            permissions_boundary=self.boundary_arn,
            max_session_duration=access.SESSION_SECONDS,
            opts=self._child,
        )
        aws.iam.RolePolicy(
            f"{self._name}-{spec.name}-policy",
            name="permissions",
            role=role.name,
            policy=access.render(spec.permissions),
            opts=self._child,
        )
        return role
