"""Names: the environment grammar, branch -> environment, and every physical name in AWS.

The one place that spells a name. Limits are AWS's own; `tests/contracts/test_names.py` checks every function
here against the shapes in botocore's service models, for the longest environment that the grammar allows.
"""

import base64
import hashlib
import re
from typing import Final

from tee_infra.errors import UsageError

SERVICE: Final = "tee"
PROJECT: Final = "tee-infra"
"""The Pulumi project, which is in the names of the engine's state files."""

FEATURE_PREFIX: Final = "feature-"

SLUG_LENGTH: Final = 32
_HASH_LENGTH: Final = 6
_STEM_LENGTH: Final = SLUG_LENGTH - _HASH_LENGTH - 1

_HASHED = re.compile(rf"-[a-z2-7]{{{_HASH_LENGTH}}}$")
# git-check-ref-format(1), for `refs/heads/NAME`. A surrogate stands for a byte that is not UTF-8.
_GIT_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\\ud800-\udfff]|\.\.|@\{|//|^/|/\Z|\.\Z|(?:^|/)\.|\.lock(?:/|\Z)")
# git prints a branch with these prefixes (`git branch --remotes`, `--all`, `%(refname)`); a name for a person has none.
_PREFIXES: Final = ("refs/", "remotes/", "origin/")

RESERVED_SLUGS: Final = {
    "prod": "it looks like a permanent environment",
    "production": "it looks like a permanent environment",
    "staging": "it looks like a permanent environment",
    "dev": "it looks like a permanent environment",
    "development": "it looks like a permanent environment",
    "test": "it looks like a permanent environment",
    "main": "the trunk has a permanent environment",
    "master": "the trunk has a permanent environment",
    "head": "it means the current commit, not a branch",
    "all": "commands use it for every environment",
}


class BranchNameError(UsageError):
    """A branch that cannot have a feature environment: `branch` and the `reason`."""

    def __init__(self, branch: str, reason: str) -> None:
        self.branch = branch
        self.reason = reason
        super().__init__(f"branch {branch!r} cannot have a feature environment: {reason}")


def feature_environment(branch: str, repository: str) -> str:
    """The environment of a git branch: `feature/new-auth` -> `feature-new-auth`.

    Exactly one leading `feature/` is dropped. The rest is kept when it is already a slug (lower-case letters and
    digits in groups joined by single hyphens, at most 32 characters); any other branch, and any slug that
    looks like one with a hash, gets a readable stem plus six base32 characters of
    SHA-256(repository, NUL, raw branch). A kept slug never ends like a hashed one, so the two cannot collide.

    `repository` is `owner/name`. Raises `BranchNameError` for what git forbids and for reserved words.
    """
    if problem := ref_problem(branch):
        raise BranchNameError(branch, problem)
    slug = branch.removeprefix("feature/")
    if slug.lower() in RESERVED_SLUGS:
        raise BranchNameError(branch, f"{slug!r} is reserved: {RESERVED_SLUGS[slug.lower()]}")
    if not is_plain_slug(slug):
        slug = f"{_stem(slug)}-{_branch_hash(branch, repository)}"
    return FEATURE_PREFIX + slug


def ref_problem(branch: str) -> str | None:
    """The reason why no host can have a branch of this name, by git's own rule. None: it can."""
    forbidden = not branch.strip() or _GIT_FORBIDDEN.search(branch)
    return "git does not allow this branch name" if forbidden else None


def branch_problem(branch: str) -> str | None:
    """The reason why this is not the name of a branch as a person or a list gives it. None: it can be one.

    Stricter than `ref_problem`: not an option, not another name of the current commit, no ref with its prefix.
    """
    if problem := ref_problem(branch):
        return problem
    if branch.startswith("-"):
        return "git does not allow a branch name that begins with -"
    if branch in ("@", "HEAD"):
        return f"{branch!r} is reserved: it means the current commit, not a branch"
    prefix = next((prefix for prefix in _PREFIXES if branch.startswith(prefix)), None)
    return f"write the branch without {prefix}" if prefix else None


SLUG_PATTERN: Final = rf"(?!(?:{'|'.join(RESERVED_SLUGS)})$)(?=.{{1,{SLUG_LENGTH}}}$)[a-z0-9]+(?:-[a-z0-9]+)*"
"""A slug, in regular-expression syntax that Python and JavaScript share: the app uses the same pattern."""


def is_plain_slug(text: str) -> bool:
    """Whether a branch keeps this name unchanged: a slug that does not look like a hashed one."""
    return re.fullmatch(SLUG_PATTERN, text) is not None and _HASHED.search(text) is None


def _stem(text: str) -> str:
    readable = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return readable[:_STEM_LENGTH].rstrip("-") or "branch"


def _branch_hash(branch: str, repository: str) -> str:
    digest = hashlib.sha256(f"{repository}\0{branch}".encode()).digest()
    return base64.b32encode(digest).decode().lower()[:_HASH_LENGTH]


PRODUCTION: Final = "prod"
"""The environment that every slot of production, and the legacy tables, belong to."""

LEGACY: Final = "legacy"
"""The slot of the tables that have no environment's name in front: `tee-admin`. No environment has this name."""


def table(environment: str, table: str) -> str:
    """A DynamoDB table of an environment or a slot: `table("dev", "tee-admin")` -> `dev-tee-admin`."""
    return table if environment == LEGACY else f"{environment}-{table}"


def role(environment: str, role: str) -> str:
    """An IAM role. AWS allows 64 characters, unique in the account for any path."""
    return f"{environment}-{SERVICE}-{role}"


def iam_path(environment: str) -> str:
    """The IAM path of an environment's roles and policies, by which they can be listed."""
    return f"/{SERVICE}/{environment}/"


def boundary(environment: str) -> str:
    """The managed policy that bounds every role of the environment but those of pipelines."""
    return f"{environment}-{SERVICE}-boundary"


def pipeline_boundary(environment: str) -> str:
    """The managed policy that bounds the roles of the environment's pipelines."""
    return f"{environment}-{SERVICE}-pipeline-boundary"


def role_policy(environment: str, role: str, about: str) -> str:
    """A managed policy of one role: `role_policy("dev", "deployer", "monitoring")`. AWS allows 128 characters."""
    return f"{environment}-{SERVICE}-{role}-{about}"


def parameter(environment: str, *parts: str) -> str:
    """An SSM parameter: `parameter("dev", "tables", "tee-admin")` -> `/tee/dev/tables/tee-admin`."""
    return "/".join(("", SERVICE, environment, *parts))


def topic(environment: str) -> str:
    """The SNS topic that alarms and budgets notify."""
    return f"{environment}-{SERVICE}-alarms"


def alarm(resource: str, measure: str) -> str:
    """A CloudWatch alarm: the table (or `table-index`) that it watches, then the metric."""
    return f"{resource}-{measure}"


def dashboard(environment: str) -> str:
    """The CloudWatch dashboard."""
    return f"{environment}-{SERVICE}"


def budget(environment: str) -> str:
    """The monthly cost budget."""
    return f"{environment}-{SERVICE}-monthly"


def key_alias(environment: str) -> str:
    """The alias of the customer managed KMS key that encrypts the tables."""
    return f"alias/{environment}-{SERVICE}"


def audit_key_alias(environment: str) -> str:
    """The alias of the KMS key that encrypts the audit trail."""
    return f"alias/{environment}-{SERVICE}-audit"


def trail(environment: str) -> str:
    """The CloudTrail trail of an environment's data events."""
    return f"{environment}-{SERVICE}-audit"


def audit_bucket(environment: str, account_id: str, region: str) -> str:
    """The trail's bucket. Bucket names are global, hence account and region; AWS allows 63 characters."""
    return f"{environment}-{SERVICE}-audit-{account_id}-{region}"


def log_group(environment: str, purpose: str) -> str:
    """A CloudWatch Logs group."""
    return f"/{SERVICE}/{environment}/{purpose}"


def event_rule(environment: str, purpose: str) -> str:
    """An EventBridge rule. AWS allows 64 characters."""
    return f"{environment}-{SERVICE}-{purpose}"


CONTROL_TABLE: Final = f"{SERVICE}-control"
"""The account's control table in DynamoDB: records, locks, history and the pointers to open slots."""


def pointer(environment: str) -> str:
    """The partition key of the item that names an environment's open slot. All slots of production share `prod`'s.

    Beside it are only the counts of shadow reads, so that the app's role can be limited to it.
    """
    return f"pointer#{environment}"


LOCKS: Final = "locks"
"""The partition key of all locks."""

REPORTS: Final = "replications"
"""The partition key of what running replications tell; the sort key is `SOURCE#TARGET`."""

ORDERS: Final = "replication-orders"
"""The partition key of the orders to running replications; the sort key is the same."""


def history(environment: str) -> str:
    """The partition key of an environment's history."""
    return f"audit#{environment}"


def switch_journal(environment: str) -> str:
    """The partition key of the journal of an environment's switches."""
    return f"switch#{environment}"


def retirement(environment: str) -> str:
    """The partition key of what is known of a slot before its tables go."""
    return f"retirement#{environment}"


def tail(environment: str) -> str:
    """The partition key of the readiness of an environment's tail, and of its way back."""
    return f"tail#{environment}"


def replication_journal(source: str, target: str, table: str, identity: str) -> str:
    """The partition key of the journal of one table's replication; `identity` tells tables of the same name apart."""
    return f"replication#{source}#{target}#{table}#{identity}"


STATE_KEY_ALIAS: Final = f"alias/{SERVICE}-state"
"""The KMS key that encrypts the state buckets, and the secrets in the stacks' state."""


SECRETS_KEY_ALIAS: Final = "alias/aws/ssm"
"""The account's own key of encrypted SSM parameters, which AWS manages."""

RESTORING_TAG: Final = "tee:restoring"
"""The tag of a table that a restore is filling."""

ANONYMIZE_KEY: Final = "anonymize-key"
"""The last part of the SSM parameter with an environment's anonymization key."""


def state_bucket(purpose: str, account_id: str, region: str) -> str:
    """The bucket of the engine's state. `purpose`: `standing` or `ephemeral`; bucket names are global."""
    return f"{SERVICE}-state-{purpose}-{account_id}-{region}"
