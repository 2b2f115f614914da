from tee_infra.core.codec.refusals import LISTED, RefusedItem, RefusedItemsError, counted, listed, refused_item


def test_an_item_is_named_by_what_it_has_of_its_key() -> None:
    item = b'{"name":{"S":"Ann"},"sk":{"N":"1"},"pk":{"S":"a"}}'
    assert refused_item(item, ("pk", "sk"), "code", "why") == ('{"pk":{"S":"a"},"sk":{"N":"1"}}', "code", "why")
    assert refused_item(b'{"sk":{"N":"1"}}', ("pk", "sk"), "code", "why").key == '{"sk":{"N":"1"}}'
    assert refused_item(b"[]", ("pk", "sk"), "code", "why").key == "{}"


def test_the_list_for_people_is_short() -> None:
    many = [RefusedItem(f'{{"pk":{{"S":"{"x" * 2000}{number}"}}}}', "code", "why") for number in range(LISTED + 3)]
    lines = listed(many)
    assert len(lines) == LISTED + 1
    assert lines[-1] == "  and 3 more: --json lists all"
    assert all(len(line) < 500 for line in lines)
    assert listed(many[:2])[1:] == [many[1].line]


def test_the_error_counts_and_shows_no_key() -> None:
    one = RefusedItem('{"pk":{"S":"ann@example.test"}}', "code", "why")
    assert counted([("a", [one, one]), ("b", []), ("c", [one])]) == "2 items of a, 1 item of c"
    error = RefusedItemsError("data copy", [("a", [one])])
    assert str(error).startswith("data copy: the target refused 1 item of a. All other items were written. ")
    assert "ann@" not in f"{error} {error.fields()}"
    assert error.exit_code == 5
