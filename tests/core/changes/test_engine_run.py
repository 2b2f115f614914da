from tee_infra.core.changes.engine_run import Change, EngineRun, Operation


def change(operation: Operation, name: str, *, protected: bool = False) -> Change:
    return Change(
        operation=operation, type="aws:dynamodb/table:Table", name=name, urn=f"urn:{name}", protected=protected
    )


def test_an_empty_plan_says_so() -> None:
    assert EngineRun().summary() == "no changes"
    assert EngineRun().report() == "no changes"


def test_a_plan_counts_before_and_after() -> None:
    plan = EngineRun(changes=(change("create", "a"), change("create", "b"), change("replace", "c")))
    assert plan.counts() == {"create": 2, "replace": 1}
    assert plan.summary() == "2 to create, 1 to replace"
    assert plan.report() == "2 created, 1 replaced"


def test_replacing_destroys_as_deleting_does() -> None:
    plan = EngineRun(changes=(change("update", "a"), change("replace", "b"), change("delete", "c")))
    assert [found.name for found in plan.destructive] == ["b", "c"]


def test_only_what_is_destroyed_can_be_refused() -> None:
    plan = EngineRun(changes=(change("update", "a", protected=True), change("delete", "b", protected=True)))
    assert [found.name for found in plan.protected] == ["b"]
