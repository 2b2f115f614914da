"""The review comment, with the real engine and a stand-in for GitHub."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.checkout import Checkout
from tests.support.github_stand_in import Fault, GitHub, serve

pytestmark = pytest.mark.engine


@pytest.fixture
def github() -> Iterator[GitHub]:
    with serve(GitHub()) as host:
        host.open_pull("feature/x")
        yield host


def job(host: GitHub) -> dict[str, str]:
    return {
        "GITHUB_API_URL": host.url,
        "GITHUB_TOKEN": host.token,
        "GITHUB_REPOSITORY": host.repository,
        "GITHUB_REF": "refs/pull/1/merge",
    }


def test_a_change_from_its_first_preview_to_its_deployment(checkout: Checkout, github: GitHub, tmp_path: Path) -> None:
    """One comment all along, and at every end of a run it says what the run says."""
    refused = checkout.tee("up", "test", "--yes", "--post", **job(github) | {"GITHUB_TOKEN": ""})
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == (
        "error: --post needs GITHUB_TOKEN (a token that may write to pull requests). Set it, or write the comment "
        "to a file with --comment FILE\n"
    )

    file = tmp_path / "comment.md"
    previewed = checkout.tee("preview", "test", "--post", "--comment", str(file), "--json", **job(github))
    assert previewed.code == 0, previewed.err
    assert "review comment: posted" in previewed.err
    assert github.bodies(1) == [file.read_text()]
    assert f"{previewed.json['counts']['create']} to create" in file.read_text()
    assert {change["class"] for change in previewed.json["changes"]} == {"safe", None}
    assert (previewed.json["monthly_usd"], len(previewed.json["prices_as_of"])) == (0.0, 10)

    checkout.set("test", table_class="GLACIER")
    failed = checkout.tee("up", "test", "--yes", "--post", **job(github))
    assert failed.code == 2
    (body,) = github.bodies(1)
    assert "❌" in body
    assert "table&#95;class" in body

    checkout.set("test", table_class=None)
    checkout.client("dynamodb").create_table(
        TableName="test-tee-admin",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    failed = checkout.tee("up", "test", "--yes", "--post", **job(github))
    assert failed.code == 1
    (body,) = github.bodies(1)
    assert "❌ The deployment of <code>test</code> failed" in body
    assert "Table already exists" in body

    checkout.client("dynamodb").delete_table(TableName="test-tee-admin")
    github.faults.append(Fault(method="PATCH", status=403, message="no"))
    deployed = checkout.tee("up", "test", "--yes", "--post", **job(github))
    assert deployed.code == 0
    assert "review comment: not updated: GitHub: " in deployed.err
    assert checkout.tee("preview", "test", "--post", **job(github)).code == 0
    (body,) = github.bodies(1)
    assert "✅ <code>test</code>: no changes" in body

    create = ("feature", "create", "--branch", "feature/x", "--seed", "none", "--yes", "--post")
    made = checkout.tee(*create, **job(github) | {"GITHUB_REF": "refs/heads/feature/x"})
    assert made.code == 0, made.err
    test, feature = github.bodies(1)
    assert test == body
    assert "✅ <code>feature-x</code> is deployed" in feature
    assert "expires in 3 d 0 h" in feature
    assert "1 of 20 feature environments in use" in feature
