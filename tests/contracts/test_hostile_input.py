"""No command line and no stack file makes a command crash, hang, or fail without an error.

A sample in every run; `python -m bench.hostile_input` has thousands.
"""

import logging
import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import yaml

from tee_infra.core.environments import parse_environment
from tee_infra.core.settings import Settings, SettingsError, settings_for
from tests.support.emulator import reset
from tests.support.hostile_input import ASKERS, READERS, Machine, command_lines, machine_in, settings_documents
from tests.support.hostile_texts import DOCUMENTS, SHELLS


@pytest.fixture(scope="module")
def machine(moto_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # its log of requests is nothing that a command said
    reset(moto_endpoint)
    with machine_in(tmp_path_factory.mktemp("machine"), moto_endpoint) as machine:
        yield machine


@pytest.mark.parametrize("seed", range(2))
def test_command_lines(machine: Machine, seed: int) -> None:
    for line in command_lines(random.Random(seed), 30):
        ended = machine.run(line)
        assert ended.wrong is None, ended


@pytest.mark.parametrize("number", range(len(DOCUMENTS)))
def test_stack_files(machine: Machine, number: int) -> None:
    ended = machine.read(DOCUMENTS[number], READERS[number % len(READERS)])
    assert ended.wrong is None, ended


@pytest.mark.parametrize("number", range(len(SHELLS)))
def test_shells(machine: Machine, number: int) -> None:
    ended = machine.ask(SHELLS[number], ASKERS[number % len(ASKERS)])
    assert ended.wrong is None, ended


def test_settings_are_read_or_refused() -> None:
    for document in settings_documents():
        if document not in DOCUMENTS:
            config: Any = yaml.safe_load(document)["config"]["tee-infra:environment"]
            with suppress(SettingsError):
                assert isinstance(settings_for(parse_environment("dev"), config), Settings)
