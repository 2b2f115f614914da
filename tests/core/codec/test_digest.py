import json
import random
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tee_infra.core.codec.digest import Buckets, Signature, canonical, canonical_and_key, differing_paths, plain_number

numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**38), max_value=10**38).map(str)
texts = st.text(max_size=8)
scalars = st.one_of(
    texts.map(lambda text: {"S": text}),
    numbers.map(lambda number: {"N": number}),
    st.booleans().map(lambda truth: {"BOOL": truth}),
    st.just({"NULL": True}),
    st.just({"B": "AAE="}),
    st.sets(texts, min_size=1).map(lambda members: {"SS": sorted(members)}),
    st.sets(st.integers().map(str), min_size=1).map(lambda members: {"NS": sorted(members)}),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda held: {"L": held}),
        st.dictionaries(texts, inner, max_size=3).map(lambda held: {"M": held}),
    ),
    max_leaves=8,
)
items = st.dictionaries(texts.filter(lambda name: name != "pk"), values, max_size=5).map(
    lambda rest: {"pk": {"S": "k"}, **rest}
)


def raw(item: dict) -> bytes:
    return json.dumps(item).encode()


def respelled(value: object, chance: random.Random) -> object:
    """The same item in another order and with spaces."""
    if isinstance(value, dict):
        pairs = [(name, respelled(held, chance)) for name, held in value.items()]
        chance.shuffle(pairs)
        shuffled = dict(pairs)
        for kind in ("SS", "NS"):
            if isinstance(shuffled.get(kind), list):
                chance.shuffle(shuffled[kind])
        return shuffled
    return [respelled(held, chance) for held in value] if isinstance(value, list) else value


@settings(max_examples=80)
@given(items, st.randoms())
def test_spelling_does_not_matter(item: dict, chance: random.Random) -> None:
    other = json.dumps(respelled(item, chance), ensure_ascii=False, separators=(",", ":")).encode()
    assert canonical(raw(item)) == canonical(other)
    assert canonical_and_key(raw(item), ["pk"])[1] == b'[{"S":"k"}]'


@settings(max_examples=80)
@given(items, items)
def test_different_items_have_different_canonical_forms(one: dict, other: dict) -> None:
    def meaning(value: object) -> object:
        if isinstance(value, dict):
            if set(value) <= {"N"} and isinstance(value.get("N"), str):
                return {"N": Decimal(value["N"])}
            if set(value) == {"NS"} and isinstance(value["NS"], list):
                return {"NS": sorted(map(Decimal, value["NS"]))}
            return {name: meaning(held) for name, held in value.items()}
        return [meaning(held) for held in value] if isinstance(value, list) else value

    assert (canonical(raw(one)) == canonical(raw(other))) == (meaning(one) == meaning(other))


@settings(max_examples=80)
@given(st.lists(items, max_size=6), st.integers(0, 6), st.randoms())
def test_signatures_and_buckets_do_not_depend_on_order_or_parts(found: list, at: int, chance: random.Random) -> None:
    everything = [raw(item) for item in found]
    whole, parts = Signature(), Signature()
    whole.add(everything)
    shuffled = chance.sample(everything, len(everything))
    for part in (shuffled[:at], shuffled[at:]):
        signature = Signature()
        signature.add(part)
        parts.merge(signature)
    assert parts == whole

    one, other = Buckets(), Buckets()
    one.add(everything, ["pk"])
    other.add(shuffled, ["pk"])
    assert not one.differing(other)
    assert one.count == len(everything)
    other.add([b'{"pk":{"S":"more"}}'], ["pk"])
    assert len(one.differing(other)) == 1


def test_numbers_have_one_spelling() -> None:
    spellings = ("100", "1E2", "1.00e+2", "+100.0", "0100")
    assert {plain_number(text) for text in spellings} == {"100"}
    assert {plain_number(text) for text in ("0", "-0", "0.000", "0E5")} == {"0"}
    assert plain_number("1E-130") == "0." + "0" * 129 + "1"
    assert plain_number("9" * 38) == "9" * 38


def test_differences_are_attribute_paths() -> None:
    one = b'{"pk":{"S":"k"},"a":{"M":{"b":{"L":[{"N":"1"},{"N":"2"}]}}},"c":{"S":"x"}}'
    other = b'{"pk":{"S":"k"},"a":{"M":{"b":{"L":[{"N":"1.0"},{"N":"3"}]}}}}'
    assert differing_paths(one, other) == ["a.M.b.L[1].N", "c"]
    assert differing_paths(one, other, limit=1) == ["a.M.b.L[1].N"]
