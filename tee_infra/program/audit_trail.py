"""The audit trail: the callers of the tables, in storage that cannot be changed."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.resources import access, audit_trail
from tee_infra.core.settings import Settings
from tee_infra.program.access import Access
from tee_infra.program.audit_bucket import audit_bucket
from tee_infra.program.audit_watch import report_privileged_sessions, watch_callers
from tee_infra.program.monitoring import Monitoring


class AuditTrail(pulumi.ComponentResource):
    """A trail of calls on items into a locked bucket and a log group, and alarms on unusual calls.

    Without `roles`, for tables whose app has none of ours, it only records."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        arns: Arns,
        *,
        roles: Access | None,
        monitoring: Monitoring | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("tee:index:AuditTrail", name, None, opts)
        self._name = name
        self._arns = arns
        self._child = pulumi.ResourceOptions(parent=self)
        key = self._key()
        log_group = self._log_group(settings, key)
        self._trail(settings, key, log_group, roles)
        if roles is None:
            # The bare tables' app has an identity of its own, and the trail of prod records management events.
            self.register_outputs({})
            return
        watch_callers(name, arns, log_group, monitoring, self._child)
        alerted = [role for role in access.ALERTED_ROLES if role in roles.roles]
        if monitoring is not None and alerted:
            report_privileged_sessions(name, arns, alerted, monitoring, self._child)
        self.register_outputs({})

    def _trail(
        self, settings: Settings, key: aws.kms.Key, log_group: aws.cloudwatch.LogGroup, roles: Access | None
    ) -> None:
        bucket, bucket_policy = audit_bucket(f"{self._name}-bucket", self._arns, key, self._child)
        writer, writer_policy = self._log_writer(roles)
        without_app = roles is not None and settings.audit == "non_app"
        selectors = audit_trail.selectors(self._arns, without_app=without_app, management=roles is not None)
        aws.cloudtrail.Trail(
            f"{self._name}-trail",
            name=names.trail(self._arns.environment),
            s3_bucket_name=bucket.bucket,
            kms_key_id=key.arn,
            enable_log_file_validation=True,
            include_global_service_events=True,
            advanced_event_selectors=[_selector(selector) for selector in selectors],
            cloud_watch_logs_group_arn=pulumi.Output.concat(log_group.arn, ":*"),
            cloud_watch_logs_role_arn=writer.arn,
            # CloudTrail tests both when the trail is created.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[bucket_policy, writer_policy]),
        )

    def _key(self) -> aws.kms.Key:
        """Its own key: a principal with access to the tables' key must not be able to read the audit trail."""
        key = aws.kms.Key(
            f"{self._name}-key",
            description=f"Audit trail of {self._arns.environment}",
            policy=access.render(audit_trail.key_policy(self._arns)),
            enable_key_rotation=True,
            deletion_window_in_days=30,
            opts=self._child,
        )
        aws.kms.Alias(
            f"{self._name}-key-alias",
            name=names.audit_key_alias(self._arns.environment),
            target_key_id=key.key_id,
            opts=self._child,
        )
        return key

    def _log_group(self, settings: Settings, key: aws.kms.Key) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._name}-log",
            name=names.log_group(self._arns.environment, "audit"),
            retention_in_days=settings.log_retention_days,
            # Events contain keys of items, which may be personal data.
            kms_key_id=key.arn,
            opts=self._child,
        )

    def _log_writer(self, roles: Access | None) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        role = aws.iam.Role(
            f"{self._name}-log-writer",
            name=names.role(self._arns.environment, "audit"),
            path=names.iam_path(self._arns.environment),
            description="CloudTrail: writes the audit log group",
            assume_role_policy=access.render(audit_trail.log_writer_trust(self._arns)),
            permissions_boundary=roles.boundary_arn if roles else None,
            opts=self._child,
        )
        policy = aws.iam.RolePolicy(
            f"{self._name}-log-writer-policy",
            name="permissions",
            role=role.name,
            policy=access.render(audit_trail.log_writer_permissions(self._arns)),
            opts=self._child,
        )
        return role, policy


def _selector(selector: audit_trail.Selector) -> aws.cloudtrail.TrailAdvancedEventSelectorArgs:
    """Empty lists are left out: the provider requires at least one value."""
    fields = [
        aws.cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs(
            field=field.name,
            equals=field.equals or None,
            starts_withs=field.starts_with or None,
            not_starts_withs=field.not_starts_with or None,
        )
        for field in selector.fields
    ]
    return aws.cloudtrail.TrailAdvancedEventSelectorArgs(name=selector.name, field_selectors=fields)
