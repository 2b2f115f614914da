"""What goes wrong is one clear line with an exit code, through `tee-infra` and through plain `pulumi`."""

import json
import socket
from pathlib import Path

import pytest

from tests.support.checkout import Checkout, Done, kill_9

pytestmark = pytest.mark.engine


def error_line(done: Done) -> str:
    lines = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, done.err
    return lines[0]


WRONG_USAGE = [
    (["up", "qa"], 2, "unknown environment 'qa'; allowed: prod, staging, dev"),
    (["preview", "prod-hotfix"], 2, "unknown environment 'prod-hotfix'"),
    (["up", "prod-v2"], 2, "Pulumi.prod-v2.yaml: no such file. Copy Pulumi.prod.yaml"),
    (["show", "feature-x"], 2, "tee-infra feature create --branch feature/x"),
    (["up", "dev", "--json"], 0, ""),
    (["down", "dev", "--json"], 2, "--json: cannot ask for confirmation. Nothing was changed. Add --yes"),
    (["schema", "pull", "nope", "--local"], 2, "no table 'nope' on http://127.0.0.1:"),
]


def test_wrong_usage(dev_up: Checkout) -> None:
    for arguments, code, said in WRONG_USAGE:
        done = dev_up.tee(*arguments)
        assert done.code == code, (arguments, done.err)
        if code:
            assert said in error_line(done), arguments


MISTAKES = [
    ({"table_clas": "STANDARD"}, "environment.table_clas is not a setting"),
    ({"protect": "no"}, "environment.protect is 'no': input should be a valid boolean"),
    ({"name": "prod"}, "environment.name is 'prod', but the stack is 'dev'"),
]


def test_a_mistake_in_a_stack_file(checkout: Checkout) -> None:
    sound = (checkout.directory / "Pulumi.dev.yaml").read_text()
    for settings, said in MISTAKES:
        (checkout.directory / "Pulumi.dev.yaml").write_text(sound)
        checkout.set("dev", **settings)
        through_ours = checkout.tee("preview", "dev")
        assert through_ours.code == 2
        assert said in error_line(through_ours)
        through_pulumi = checkout.pulumi("preview", "-s", "dev")
        assert through_pulumi.code != 0
        assert said in through_pulumi.out + through_pulumi.err


def test_no_checkout(tmp_path: Path) -> None:
    done = Checkout(tmp_path, in_process=True).tee("up", "dev")
    assert done.code == 2
    assert "no Pulumi.yaml of the project 'tee-infra'" in error_line(done)


def test_an_account_without_credentials(checkout: Checkout) -> None:
    checkout.set("dev", account_id="111122223333", repository="acme/app")
    done = checkout.tee(
        "up",
        "dev",
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE="/dev/null",
        AWS_SHARED_CREDENTIALS_FILE="/dev/null",
    )
    assert done.code == 1
    assert "no access to AWS account 111122223333: there are no credentials" in error_line(done)
    assert done.out.splitlines()[0] == "dev: AWS account 111122223333, us-east-1"


def test_the_wrong_account(dev_up: Checkout, fresh: Checkout) -> None:
    fresh.set("dev", account_id="111122223333", repository="acme/app")
    elsewhere = dev_up.shell()
    keys = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    done = fresh.tee("up", "dev", **{key: elsewhere[key] for key in keys})
    assert done.code in (2, 3)
    error_line(done)


def test_an_account_is_held_to_by_the_provider_as_well(checkout: Checkout) -> None:
    checkout.set("dev", account_id="111122223333", repository="acme/app")
    done = checkout.pulumi("preview", "-s", "dev")
    assert done.code != 0
    assert "AWS account ID not allowed: 000000000000" in done.out + done.err
    assert checkout.tee("preview", "dev", "--local").code == 0


def test_plain_pulumi_without_any_aws_says_both_ways_on(checkout: Checkout) -> None:
    shell = checkout.shell()
    without = {name: value for name, value in shell.items() if not name.startswith("AWS_")}
    done = checkout._run(["pulumi", "preview", "-s", "dev"], "", without | {"PULUMI_DEBUG_PROVIDERS": ""})
    assert done.code != 0
    assert "environment.account_id" in done.out + done.err
    assert "tee-infra local env" in done.out + done.err


def test_a_dead_endpoint(checkout: Checkout) -> None:
    """Of an embedded AWS that has ended. Its own ports may belong to another worker's by now."""
    shell = checkout.shell()
    port = int(shell["AWS_ENDPOINT_URL"].rpartition(":")[2])
    assert checkout.tee("local", "stop").code == 0
    with socket.socket() as held, socket.socket() as provider:  # bound, and nothing listens
        for each, alive in ((held, port), (provider, port + 1)):
            each.bind(("127.0.0.1", 0))
            dead = each.getsockname()[1]
            shell = {name: value.replace(f":{alive}", f":{dead}") for name, value in shell.items()}
        done = checkout._run(["pulumi", "--non-interactive", "preview", "-s", "dev"], "", shell)
    assert done.code != 0
    assert "tee-infra local start" in done.out + done.err


def test_somebody_else_holds_the_stack(dev_up: Checkout) -> None:
    folder = dev_up.directory / ".tee" / "state" / ".pulumi" / "locks" / "organization" / "tee-infra" / "dev"
    folder.mkdir(parents=True, exist_ok=True)
    lock = {"pid": 1, "username": "ada", "hostname": "elsewhere", "timestamp": "2026-11-20T10:00:00Z"}
    (folder / "8a3c.json").write_text(json.dumps(lock))
    done = dev_up.tee("up", "dev", "--yes")
    assert done.code == 4
    assert "ada@elsewhere" in error_line(done)
    assert "tee-infra repair" in error_line(done)


def test_a_port_in_use(fresh: Checkout) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = fresh.tee("local", "start", "--port", str(port))
    assert done.code != 0
    assert str(port) in error_line(done)


def test_an_embedded_aws_that_was_killed_is_started_again(dev_up: Checkout) -> None:
    status = dev_up.tee("local", "status", "--json").json
    kill_9(status["pid"])
    done = dev_up.tee("up", "dev", "--yes")
    assert done.code == 0, done.err
    assert dev_up.tee("local", "status", "--json").json["pid"] != status["pid"]
