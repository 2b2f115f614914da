import subprocess

import pytest

from tee_infra.core.aws_variables import FOREIGN, direct_to_loopback, foreign_variables, without_foreign

LOOPBACK = "127.0.0.1,localhost,::1"


def test_what_would_win_is_unset_whether_it_is_set_or_not() -> None:
    assert set(FOREIGN) <= set(foreign_variables({}, {}))


def test_every_other_setting_of_aws_is_unset_too_but_not_ours_and_not_what_only_looks() -> None:
    shell = {"AWS_ENDPOINT_URL_LAMBDA": "x", "TF_AWS_S3_ENDPOINT": "x", "AWS_PAGER": "", "AWS_REGION": "x", "HOME": "x"}
    found = set(foreign_variables(shell, {"AWS_REGION": "us-east-1"}))
    assert found - set(FOREIGN) == {"AWS_ENDPOINT_URL_LAMBDA", "TF_AWS_S3_ENDPOINT"}
    assert without_foreign(shell) == {"AWS_PAGER": "", "HOME": "x"}


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        ({}, {"NO_PROXY": LOOPBACK, "no_proxy": LOOPBACK}),
        ({"NO_PROXY": "a.example, b"}, {"NO_PROXY": f"a.example,b,{LOOPBACK}", "no_proxy": f"a.example,b,{LOOPBACK}"}),
        ({"no_proxy": "localhost"}, dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,127.0.0.1,::1")),
        ({"no_proxy": "*"}, {"NO_PROXY": "*", "no_proxy": "*"}),
        ({"no_grpc_proxy": "a"}, {"NO_PROXY": LOOPBACK, "no_proxy": LOOPBACK, "no_grpc_proxy": f"a,{LOOPBACK}"}),
    ],
)
def test_no_proxy_keeps_what_the_user_excepts(shell: dict[str, str], expected: dict[str, str]) -> None:
    assert direct_to_loopback(shell) == expected
    assert direct_to_loopback(shell | expected) == expected


def test_unset_is_what_a_shell_takes() -> None:
    typed = f"unset {' '.join(foreign_variables({'AWS_ENDPOINT_URL_S3': 'x'}, {}))}; env"
    left = subprocess.run(["sh", "-uc", typed], env={"AWS_PROFILE": "x"}, capture_output=True, text=True, check=True)
    assert "AWS_" not in left.stdout
