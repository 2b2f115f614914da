import pytest
from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.lifecycle.actor import Actor, actor, process_on

RUN = {"GITHUB_RUN_ID": "7", "GITHUB_REPOSITORY": "acme/app", "GITHUB_ACTOR": "ann"}


def test_a_person_is_known_by_user_machine_and_process() -> None:
    assert actor({}, "ann", "laptop", 12).describe() == "ann on laptop, process 12"


def test_a_pipeline_is_known_by_whoever_began_it_and_the_address_of_its_run() -> None:
    found = actor(RUN, "runner", "vm", 12)
    assert found == Actor(who="ann", where="https://github.com/acme/app/actions/runs/7")


def test_on_another_server_too() -> None:
    found = actor(RUN | {"GITHUB_SERVER_URL": "https://git.acme.test"}, "runner", "vm", 12)
    assert found.where == "https://git.acme.test/acme/app/actions/runs/7"


@given(st.text(), st.text(), st.integers(0, 2**32))
def test_the_process_is_read_back_on_its_own_machine(user: str, host: str, process: int) -> None:
    assert process_on(host, actor({}, user, host, process).describe()) == process


@pytest.mark.parametrize(
    "described",
    [
        "ann on laptop2, process 12",
        "ann on my.laptop, process 12",
        "ann on laptop, process 12 of another",
        "ann on https://github.com/acme/app/actions/runs/7",
        f"ann on laptop, process {'9' * 5000}",
        "",
    ],
)
def test_nobody_elsewhere_has_a_process_here(described: str) -> None:
    assert process_on("laptop", described) is None
    assert process_on("l.ptop", "ann on laptop, process 12") is None
