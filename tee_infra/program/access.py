"""The roles of an environment."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.environments import Environment
from tee_infra.core.resources import access
from tee_infra.core.settings import Settings


class Access(pulumi.ComponentResource):
    """The boundaries and every role of `tee_infra.core.resources.access`. `roles` maps logical names to them.

    Order matters where roles exist: a role gets its wider boundary and its managed policies before anything else of it
    becomes narrower, so that an interrupted update takes no right that the next run needs.
    """

    roles: dict[str, aws.iam.Role]
    boundary_arn: pulumi.Input[str]
    """The boundary of all roles but those of pipelines."""

    def __init__(
        self, name: str, environment: Environment, settings: Settings, arns: Arns, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("tee:index:Access", name, None, opts)
        self._name = name
        self._environment = environment.name
        self._arns = arns
        self._path = names.iam_path(environment.name)
        specs = access.roles(environment, settings, arns)
        pipelines = self._pipelines([spec for spec in specs if spec.is_pipeline], environment, arns)
        self.boundary_arn = self._boundary(environment, arns, settings.slots, after=list(pipelines.values()))
        others = {spec.name: self._role(spec, self.boundary_arn) for spec in specs if not spec.is_pipeline}
        self.roles = {spec.name: (pipelines | others)[spec.name] for spec in specs}
        self.register_outputs({"roles": {name: role.arn for name, role in self.roles.items()}})

    def _pipelines(self, specs: list[access.Role], environment: Environment, arns: Arns) -> dict[str, aws.iam.Role]:
        if not specs:
            return {}
        boundary = self._policy(
            "pipeline-boundary",
            names.pipeline_boundary(self._environment),
            f"The most that any pipeline of {self._environment} can do",
            access.pipeline_boundary(environment, arns),
        )
        return {spec.name: self._role(spec, boundary.arn) for spec in specs}

    def _boundary(
        self, environment: Environment, arns: Arns, slots: Sequence[str], *, after: Sequence[pulumi.Resource]
    ) -> pulumi.Input[str]:
        if environment.is_feature:
            return access.bounded_by(environment, arns)
        return self._policy(
            "boundary",
            names.boundary(self._environment),
            f"The most that any role of {self._environment} can do",
            access.boundary(environment, arns, slots),
            after=after,
        ).arn

    def _policy(
        self,
        name: str,
        physical: str,
        description: str,
        policy: access.Document,
        *,
        after: Sequence[pulumi.Resource] = (),
    ) -> aws.iam.Policy:
        return aws.iam.Policy(
            f"{self._name}-{name}",
            name=physical,
            path=self._path,
            description=description,
            policy=access.render(policy),
            opts=self._child(after),
        )

    def _role(self, spec: access.Role, boundary: pulumi.Input[str]) -> aws.iam.Role:
        role = aws.iam.Role(
            f"{self._name}-{spec.name}",
            name=names.role(self._environment, spec.name),
            path=self._path,
            description=spec.description,
            assume_role_policy=access.render(spec.trust),
            permissions_boundary=boundary,
            max_session_duration=access.SESSION_SECONDS,
            opts=self._child(),
        )
        attached = [self._attach(spec.name, about, policy, role) for about, policy in spec.attached.items()]
        aws.iam.RolePolicy(
            f"{self._name}-{spec.name}-policy",
            name="permissions",
            role=role.name,
            policy=access.render(spec.permissions),
            opts=self._child(attached),
        )
        return role

    def _attach(
        self, role_name: str, about: str, policy: access.Document, role: aws.iam.Role
    ) -> aws.iam.RolePolicyAttachment:
        made = self._policy(
            f"{role_name}-{about}",
            names.role_policy(self._environment, role_name, about),
            f"What {names.role(self._environment, role_name)} may do, about {about}",
            policy,
        )
        return aws.iam.RolePolicyAttachment(
            f"{self._name}-{role_name}-{about}-attached",
            role=role.name,
            policy_arn=self._arns.role_policy(role_name, about),  # known before: `repair` finds it by its ARN
            opts=self._child([made]),
        )

    def _child(self, after: Sequence[pulumi.Resource] = ()) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(after))
