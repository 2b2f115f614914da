"""ARNs of one environment, computed from names: policies are complete before anything exists, so a preview shows them.

Formats: the ARN tables of AWS's Service Authorization Reference.
"""

from dataclasses import dataclass

from tee_infra.core import names
from tee_infra.core.tables.catalog import TABLES, Table, in_some_version


@dataclass(frozen=True, kw_only=True)
class Arns:
    """The ARNs of `environment` in one account and region. `environment` may be a pattern: `feature-*`."""

    account_id: str
    region: str
    environment: str

    @property
    def partition(self) -> str:
        """`aws`, or the partition of China or GovCloud, derived from the region's name."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    @property
    def tables(self) -> list[str]:
        """Every table of the catalog."""
        return [self.table(table) for table in TABLES]

    @property
    def indexes(self) -> list[str]:
        """All indexes of every table that has indexes in some version of the catalog."""
        return [
            f"{self.table(table)}/index/*" for table in TABLES if any(one.indexes for one in in_some_version(table))
        ]

    @property
    def streams(self) -> list[str]:
        """All streams of every table; a stream's name is the time at which it was switched on."""
        return [
            f"{self.table(table)}/stream/*"
            for table in TABLES
            if any(one.stream_view for one in in_some_version(table))
        ]

    @property
    def named_tables(self) -> str:
        """Every table under the environment's name, restored ones too, with its indexes and streams.

        No other environment's tables: no environment's name continues with the service's.
        """
        return self._regional("dynamodb", f"table/{names.table(self.environment, names.SERVICE)}-*")

    def table(self, table: Table) -> str:
        """A DynamoDB table."""
        return self._regional("dynamodb", f"table/{names.table(self.environment, table.name)}")

    def role(self, role: str) -> str:
        """An IAM role, with the environment's path."""
        return self._global("iam", f"role{names.iam_path(self.environment)}{names.role(self.environment, role)}")

    def role_sessions(self, role: str) -> str:
        """The prefix of the ARNs of a role's sessions. It has no path."""
        return self._global("sts", f"assumed-role/{names.role(self.environment, role)}/")

    @property
    def boundary(self) -> str:
        """The managed policy that bounds the environment's roles, those of pipelines excepted."""
        return self._policy(names.boundary(self.environment))

    @property
    def pipeline_boundary(self) -> str:
        """The managed policy that bounds the environment's pipelines."""
        return self._policy(names.pipeline_boundary(self.environment))

    def role_policy(self, role: str, about: str) -> str:
        """A managed policy of one role."""
        return self._policy(names.role_policy(self.environment, role, about))

    @property
    def policies(self) -> str:
        """All managed policies: the boundaries, and those of its deployers."""
        return self._policy("*")

    @property
    def account_root(self) -> str:
        """The account itself; as a principal, every identity of the account that IAM allows."""
        return self._global("iam", "root")

    @property
    def github(self) -> str:
        """The account's OIDC provider for GitHub Actions; one per account, so it is in no stack."""
        return self._global("iam", "oidc-provider/token.actions.githubusercontent.com")

    @property
    def parameters(self) -> str:
        """All SSM parameters."""
        return self.parameter("*")

    def parameter(self, *parts: str) -> str:
        """An SSM parameter, or the path to several."""
        return self._regional("ssm", f"parameter{names.parameter(self.environment, *parts)}")

    @property
    def topic(self) -> str:
        """The SNS topic for alarms."""
        return self._regional("sns", names.topic(self.environment))

    @property
    def alarms(self) -> str:
        """All alarms: their names begin with the environment's, as its tables' do."""
        return self._regional("cloudwatch", f"alarm:{self.environment}-{names.SERVICE}-*")

    @property
    def dashboard(self) -> str:
        """The CloudWatch dashboard."""
        return self._global("cloudwatch", f"dashboard/{names.dashboard(self.environment)}")

    @property
    def budget(self) -> str:
        """The monthly budget."""
        return self._global("budgets", f"budget/{names.budget(self.environment)}")

    @property
    def any_budget(self) -> str:
        """The source that AWS Budgets names when it publishes: all budgets of the account."""
        return self._global("budgets", "*")

    @property
    def keys(self) -> str:
        """All KMS keys: a key's name is random, so policies narrow this by tag."""
        return self._regional("kms", "key/*")

    def key_alias(self, alias: str) -> str:
        """The alias of a KMS key; `alias` as `names` spells it, with `alias/`."""
        return self._regional("kms", alias)

    @property
    def trail(self) -> str:
        """The CloudTrail trail."""
        return self._regional("cloudtrail", f"trail/{names.trail(self.environment)}")

    @property
    def audit_bucket(self) -> str:
        """The trail's bucket."""
        bucket = names.audit_bucket(self.environment, self.account_id, self.region)
        return f"arn:{self.partition}:s3:::{bucket}"

    def state_bucket(self, purpose: str) -> str:
        """The account's bucket of the engine's state. `purpose`: `standing` or `ephemeral`."""
        return f"arn:{self.partition}:s3:::{names.state_bucket(purpose, self.account_id, self.region)}"

    @property
    def control_table(self) -> str:
        """The account's control table: records, locks and history."""
        return self._regional("dynamodb", f"table/{names.CONTROL_TABLE}")

    def log_group(self, purpose: str) -> str:
        """A log group. Policies and CloudTrail name its streams too: `{log_group}:*`."""
        return self._regional("logs", f"log-group:{names.log_group(self.environment, purpose)}")

    def event_rule(self, purpose: str) -> str:
        """An EventBridge rule on the default bus."""
        return self._regional("events", f"rule/{names.event_rule(self.environment, purpose)}")

    def _regional(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    def _policy(self, name: str) -> str:
        return self._global("iam", f"policy{names.iam_path(self.environment)}{name}")

    def _global(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}::{self.account_id}:{resource}"


class _Short(Arns):
    """Patterns in place of what says nothing more beside the name: IAM, dashboards and budgets know no other account.

    An account is in one partition, and an environment once in an account, since the names of its roles have no region.
    """

    @property
    def partition(self) -> str:
        return "*"

    def _global(self, service: str, resource: str) -> str:
        return f"arn:*:{service}::*:{resource}"

    def _regional(self, service: str, resource: str) -> str:
        return f"arn:*:{service}:*:{self.account_id}:{resource}"


def shortened(arns: Arns) -> Arns:
    """The same names as patterns, for a boundary: IAM limits its characters."""
    return _Short(account_id=arns.account_id, region=arns.region, environment=arns.environment)
