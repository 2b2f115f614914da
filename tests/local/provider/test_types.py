"""Every resource type through its life, over gRPC and on moto: what the engine asks for, in the engine's order."""

import pytest

from tee_infra import local
from tests.local.provider.engine_side import EngineSide
from tests.local.provider.samples import OBJECT_LOCK, TOPIC_POLICY, VERSIONING, new_mark, sample

NEVER_GONE = {VERSIONING, OBJECT_LOCK, TOPIC_POLICY}  # settings that AWS puts back instead of taking them away
EVERY_TYPE = [*local.emulated_types(), *local.state_only_types()]


@pytest.mark.parametrize("token", EVERY_TYPE)
def test_a_resource_lives_as_the_engine_asks(engine: EngineSide, token: str) -> None:
    said, change = sample(token, new_mark(), engine)
    inputs = engine.inputs(token, said)
    made, state = engine.create(token, inputs)
    assert engine.diff(token, made, state, inputs).detailed == {}, "a second preview sees no change"
    assert engine.read(token, made, state, inputs) == (made, state, inputs), "a refresh sees no drift"

    changed = engine.inputs(token, said | change, inputs)
    diff = engine.diff(token, made, state, changed)
    assert (diff.changed, diff.replaces) == (set(change), set())
    state = engine.update(token, made, state, changed)
    assert engine.diff(token, made, state, changed).detailed == {}
    assert engine.read(token, made, state, changed)[1] == state

    engine.delete(token, made, state)
    if token in local.emulated_types() and token not in NEVER_GONE:
        assert engine.read(token, made, state, changed)[0] == ""
    engine.delete(token, made, state)


@pytest.mark.parametrize("token", local.emulated_types())
def test_an_import_needs_only_the_id(engine: EngineSide, token: str) -> None:
    said, _ = sample(token, new_mark(), engine)
    inputs = engine.inputs(token, said)
    made, _ = engine.create(token, inputs)
    imported_id = f"{said['logGroupName']}:{made}" if token.endswith(":LogMetricFilter") else made
    _, imported, read_inputs = engine.read(token, imported_id, {}, {})
    assert imported
    assert engine.check(token, read_inputs)[1] == {}
    left = engine.diff(token, made, imported, inputs)
    assert left.replaces == set()


@pytest.mark.parametrize("token", EVERY_TYPE)
def test_a_preview_touches_nothing_and_knows_what_the_program_says(engine: EngineSide, token: str) -> None:
    said, _ = sample(token, new_mark())
    inputs = engine.inputs(token, said)
    previewed = engine.preview(token, inputs)
    assert {name: previewed[name] for name in said} == said
