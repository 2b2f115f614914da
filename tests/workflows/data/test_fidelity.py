"""Items of all ten types arrive exactly as they were, through both transports, on every service."""

import base64
import random
from pathlib import Path

import msgspec
import pytest

from tee_infra.aws.dynamodb import TransportName
from tests.support.services import connect, new_table
from tests.support.transfers import contents, copy, fill, side

LETTERS = 'aZ09 "\\\n\t\x7fäß€漢字🙂\u2028'


def number(chance: random.Random) -> str:
    digits = str(chance.randrange(1, 10 ** chance.choice((1, 5, 38)))).rstrip("0")
    sign = chance.choice(("", "-"))
    match chance.randrange(4):
        case 0:
            return "0"
        case 1:
            return f"{sign}0.{digits}"
        case 2:
            return f"{sign}{digits}"
        case _:
            return f"{sign}{digits[0]}E{chance.choice((-120, -7, 3, 120))}"


def text(chance: random.Random, least: int = 0) -> str:
    return "".join(chance.choices(LETTERS, k=chance.randrange(least, 12)))


def binary(chance: random.Random, least: int = 0) -> str:
    return base64.b64encode(chance.randbytes(chance.randrange(least, 9))).decode()


def value(chance: random.Random, depth: int = 0) -> dict:
    kind = chance.choice(("S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS") + (("L", "M") if depth < 4 else ()))
    some = range(chance.randrange(1, 5))
    match kind:
        case "S":
            held = text(chance)
        case "N":
            held = number(chance)
        case "B":
            held = binary(chance)
        case "BOOL":
            held = chance.random() < 0.5
        case "NULL":
            held = True
        case "SS":
            held = sorted({text(chance, 1) for _ in some})
        case "NS":
            held = [str(chance.randrange(10**30)) for _ in some]
        case "BS":
            held = sorted({binary(chance, 1) for _ in some})
        case "L":
            held = [value(chance, depth + 1) for _ in range(chance.randrange(4))]
        case _:
            held = {text(chance, 1): value(chance, depth + 1) for _ in range(chance.randrange(4))}
    return {kind: held}


def item(index: int, partition: dict, sort: dict) -> bytes:
    chance = random.Random(index)
    attributes = {text(chance, 1) + str(n): value(chance) for n in range(chance.randrange(6))}
    return msgspec.json.encode({"pk": partition, "sk": sort, **attributes})


def everything(kind: str) -> list[bytes]:
    """300 random items, and the ones at the limits."""
    keys = {
        "S": lambda n: {"S": f"ключ-{n}-🔑"},
        "N": lambda n: {"N": f"{n}{'7' * 30}.{n}1"},
        "B": lambda n: {"B": base64.b64encode(bytes([0, 255, n % 256, n // 256])).decode()},
    }
    key = keys[kind]
    found = [item(n, key(n % 31), {"S": f"s{n}"}) for n in range(300)]
    found.append(item_with(key(900), {"large": {"S": "x" * 400_000}}))
    # moto counts the base64 of a binary and stops at 405,000 bytes; DynamoDB Local takes what DynamoDB takes.
    found.append(item_with(key(901), {"bytes": {"B": base64.b64encode(b"\x00\xff" * 149_000).decode()}}))
    found.append(item_with(key(902), {"e": {"S": ""}, "l": {"L": []}, "m": {"M": {}}, "b": {"B": ""}}))
    found.append(item_with(key(903), {"n": {"N": "9" * 38}, "s": {"N": "-1E-130"}, "g": {"N": "9.9E125"}}))
    return found


def item_with(key: dict, attributes: dict) -> bytes:
    return msgspec.json.encode({"pk": key, "sk": {"S": "limit"}, **attributes})


@pytest.mark.parametrize(
    ("kind", "transport", "wire"),
    [
        ("S", "raw", "tls"),
        ("S", "raw", "plain"),
        ("S", "botocore", "tls"),
        ("N", "raw", "tls"),
        ("N", "botocore", "plain"),
        ("B", "raw", "tls"),
        ("B", "botocore", "plain"),
    ],
    indirect=["wire"],
)
def test_every_item_arrives_as_it_was(
    request: pytest.FixtureRequest, wire: str, kind: str, transport: TransportName, tmp_path: Path
) -> None:
    dynamodb = connect(wire)
    if kind == "B" and "moto" in request.node.callspec.id:
        pytest.skip("moto fails to scan a table with binary keys in segments")
    source, target = new_table(dynamodb, kind), new_table(dynamodb, kind)
    fill(dynamodb, source, everything(kind))
    result = copy(side(dynamodb, source, transport), side(dynamodb, target, transport), tmp_path / "checkpoint")
    assert (result.read, result.written, result.validated) == (304, 304, True)
    before, after = contents(dynamodb, source), contents(dynamodb, target)
    assert len(before) == 304
    assert after == before
