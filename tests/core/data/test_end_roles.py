import pytest

from tee_infra.core.data.end_roles import account_of, is_session_of, own_role
from tee_infra.core.environments import parse_environment
from tee_infra.errors import UsageError

ROLE = "arn:aws:iam::111122223333:role/tee/prod/prod-tee-migrator"


@pytest.mark.parametrize(
    ("environment", "role"),
    [
        ("prod", ROLE),
        ("prod-v2", "arn:aws:iam::111122223333:role/tee/prod-v2/prod-v2-tee-migrator"),
        ("feature-x", "arn:aws:iam::111122223333:role/tee/feature-x/feature-x-tee-developer"),
    ],
)
def test_the_own_role_of_an_environment_is_one_that_its_kind_has(environment: str, role: str) -> None:
    parsed = parse_environment(environment)
    assert own_role(parsed, "111122223333", "us-east-1") == role
    assert role.rsplit("-", 1)[1] in parsed.kind.roles


def test_the_own_role_is_of_the_regions_partition() -> None:
    assert own_role(parse_environment("dev"), "111122223333", "cn-north-1").startswith("arn:aws-cn:iam::111122223333:")


@pytest.mark.parametrize(
    ("caller", "is_it"),
    [
        ("arn:aws:sts::111122223333:assumed-role/prod-tee-migrator/ann", True),
        ("arn:aws-cn:sts::111122223333:assumed-role/prod-tee-migrator/ann", True),
        ("arn:aws:sts::444455556666:assumed-role/prod-tee-migrator/ann", False),
        ("arn:aws:sts::111122223333:assumed-role/prod-v2-tee-migrator/ann", False),
        ("arn:aws:sts::111122223333:assumed-role/other/prod-tee-migrator", False),
        ("arn:aws:iam::111122223333:user/prod-tee-migrator", False),
        (ROLE, False),
        ("", False),
    ],
)
def test_a_session_of_a_role_is_known_by_account_and_name(caller: str, is_it: bool) -> None:
    assert is_session_of(caller, ROLE) is is_it


@pytest.mark.parametrize(
    "text",
    [
        "", "prod-tee-migrator", "arn:aws:iam::1:role/x", "arn:aws:iam::111122223333:user/x", f"{ROLE} ", f"{ROLE}\n",
        "arn:aws:iam::111122223333:role/", "arn:aws:sts::111122223333:assumed-role/x/y",
        "arn:aws:iam::111122223333:role/a b",
        "arn:aws:iam::111122223333:role/\x1b[2J/x", "arn:aws:iam::\u0661\u0661\u0661122223333:role/x",
    ],
)  # fmt: skip
def test_what_is_not_the_arn_of_a_role_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not the ARN of a role"):
        account_of(text, "--from-role")
