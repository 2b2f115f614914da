from typing import Any

from tee_infra.local.provider import merge
from tee_infra.local.provider.dynamodb import TABLE
from tee_infra.local.provider.iam import ROLE

INDEX = {"projectionType": "ALL", "readCapacity": 0, "writeCapacity": 0}


def test_the_state_keeps_the_programs_words_where_they_mean_the_same() -> None:
    live = {"assumeRolePolicy": '{"Version":"2012-10-17"}', "maxSessionDuration": 7200, "path": "/"}
    wanted = {
        "assumeRolePolicy": '{\n  "Version": "2012-10-17"\n}',
        "maxSessionDuration": 3600,
        "forceDetachPolicies": True,
    }
    assert merge.outputs(ROLE, live, wanted) == {
        "assumeRolePolicy": wanted["assumeRolePolicy"],
        "maxSessionDuration": 7200,
        "path": "/",
        "forceDetachPolicies": True,
    }


def test_elements_keep_the_programs_order() -> None:
    live = {"globalSecondaryIndexes": [{"name": name, "hashKey": name, **INDEX} for name in ("a", "b", "stray")]}
    wanted = {"globalSecondaryIndexes": [{"name": name, "hashKey": name, **INDEX} for name in ("b", "a")]}
    indexes: list[Any] = merge.outputs(TABLE, live, wanted)["globalSecondaryIndexes"]
    assert [index["name"] for index in indexes] == ["b", "a", "stray"]


def test_inputs_after_a_refresh_follow_what_the_program_said() -> None:
    state = {"assumeRolePolicy": "{}", "description": "", "maxSessionDuration": 7200, "path": "/", "arn": "x"}
    said = {"assumeRolePolicy": "{ }", "maxSessionDuration": 3600, "path": "/", "__defaults": ["path"]}
    assert merge.inputs(ROLE, state, said) == {
        "assumeRolePolicy": "{ }",
        "maxSessionDuration": 7200,
        "path": "/",
        "__defaults": ["path"],
    }


def test_inputs_of_an_import_say_what_is_not_the_default() -> None:
    state = {"name": "r", "assumeRolePolicy": "{}", "description": "d", "maxSessionDuration": 3600, "path": "/tee/"}
    assert merge.inputs(ROLE, state, {}) == {
        "name": "r",
        "assumeRolePolicy": "{}",
        "description": "d",
        "path": "/tee/",
    }
