"""Attributes that DynamoDB refuses, by kind, and ones at the limit that it takes; `pk` (S) is the table's key, `at` (N)
and `who` (S) an index's, `raw` (B) another's."""

from typing import Any

from tee_infra.core.codec.item_rules import LEVELS, KeySchema

SCHEMAS = [KeySchema("", {"pk": "S"}), KeySchema("by-who", {"who": "S", "at": "N"}), KeySchema("by-raw", {"raw": "B"})]


def nested(levels: int, kind: str = "L") -> dict[str, Any]:
    value: dict[str, Any] = {"S": "x"}
    for _ in range(levels):
        value = {"L": [value]} if kind == "L" else {"M": {"m": value}}
    return value


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "index key of another type": ({"who": {"N": "1"}}, "Type mismatch for Index Key who Expected: S Actual: N"),
    "index sort key of another type": ({"who": {"S": "a"}, "at": {"S": "1"}}, "Type mismatch for Index Key at"),
    "index key of null": ({"who": {"NULL": True}}, "Type mismatch for Index Key who"),
    "index key of a map": ({"raw": {"M": {}}}, "Type mismatch for Index Key raw"),
    "empty index key": ({"who": {"S": ""}}, "IndexName: by-who, IndexKey: who"),
    "empty binary index key": ({"raw": {"B": ""}}, "cannot contain an empty binary value"),
    "empty key": ({"pk": {"S": ""}}, "cannot contain an empty string value. Key: pk"),
    "key of another type": ({"pk": {"N": "1"}}, "Type mismatch for key pk expected: S actual: N"),
    "long key": ({"pk": {"S": "x" * 2049}}, "Size of hashkey has exceeded the maximum size limit of2048 bytes"),
    "long key in two bytes a character": ({"pk": {"S": "é" * 1025}}, "Size of hashkey has exceeded"),
    "long index key": ({"who": {"S": "x" * 2049}}, "Size of hashkey has exceeded"),
    "long binary index key": ({"raw": {"B": "AAAA" * 683}}, "Size of hashkey has exceeded"),
    "too large": ({"v": {"S": "x" * 400 * 1024}}, "Item size has exceeded"),
    "too large in two bytes a character": ({"v": {"S": "é" * 205_000}}, "Item size has exceeded"),
    "too deep in lists": ({"v": nested(LEVELS + 1)}, "Nesting Levels have exceeded"),
    "too deep in maps": ({"v": nested(LEVELS + 1, "M")}, "Nesting Levels have exceeded"),
    "39 digits": ({"v": {"N": "1" * 39}}, "more than 38 significant digits"),
    "39 digits in a list": ({"v": {"L": [{"N": "0." + "1" * 39}]}}, "more than 38 significant digits"),
    "number too large": ({"v": {"N": "1E+126"}}, "Number overflow"),
    "number too small": ({"v": {"N": "-1E-131"}}, "Number underflow"),
    "no number": ({"v": {"N": "one"}}, "cannot be converted to a numeric value"),
    "not a number": ({"v": {"N": "NaN"}}, "cannot be converted to a numeric value"),
    "infinity in a set": ({"v": {"NS": ["Infinity"]}}, "cannot be converted to a numeric value"),
    "empty string set": ({"v": {"SS": []}}, "string set  may not be empty"),
    "empty number set": ({"v": {"NS": []}}, "number set  may not be empty"),
    "empty binary set in a map": ({"v": {"M": {"m": {"BS": []}}}}, "Binary sets should not be empty"),
    "string twice in a set": ({"v": {"SS": ["a", "b", "a"]}}, "contains duplicates"),
    "number twice in two spellings": ({"v": {"NS": ["1", "1.0"]}}, "contains duplicates"),
    "binary twice": ({"v": {"BS": ["AAE=", "AAE="]}}, "contains duplicates"),
}

TAKEN: dict[str, dict[str, Any]] = {
    "no index key": {"v": {"S": ""}},
    "index keys": {"who": {"S": "a"}, "at": {"N": "1"}, "raw": {"B": "AA=="}},
    "longest index keys": {"who": {"S": "é" * 1024}, "raw": {"B": "AAAA" * 682}},
    "empty binary": {"v": {"B": ""}},
    "empty list and map": {"v": {"L": []}, "w": {"M": {}}},
    "just deep enough": {"v": nested(LEVELS), "w": nested(LEVELS, "M")},
    "38 digits": {"v": {"N": "1" * 38}, "w": {"N": "-0." + "1" * 38}},
    "zeros around 38 digits": {"v": {"N": "000" + "1" * 38 + "000"}},
    "the largest and the smallest": {"v": {"N": "9" * 38 + "E+88"}, "w": {"N": "1E-130"}},
    "equal but for the type": {"v": {"SS": ["1", "1.0"]}},
    "399 KB": {"v": {"S": "x" * 399 * 1024}},
}
