"""Production by what a table is: its name in AWS, the table it was restored from, and its tags.

What the names and tags leave open counts as production: a copy that is refused loses nothing. Only a table that names
neither a table of the app nor production, such as `scratch`, is free without tags.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tee_infra.core import names
from tee_infra.core.environments import Environment, UnknownEnvironmentError, resolve_stage
from tee_infra.core.tables.catalog import TABLES

TAG_PREFIX: Final = f"{names.SERVICE}:"
_ARN: Final = re.compile(
    r"arn:(?P<partition>[^:/]+):dynamodb:(?P<region>[^:/]*):(?P<account>[^:/]*):table/(?P<name>[A-Za-z0-9_.-]{1,255})"
)
# `product` and `reproduce` are other words, and `nonprod` says the opposite.
_INNOCENT: Final = re.compile(r"non[-_. ]?prod(uction)?|reproduc|produc(?!tion)")
_PRODUCTION: Final = re.compile(r"prod|(?<![a-z])prd(?![a-z])")
_SEPARATORS: Final = re.compile(r"[^a-z0-9]+")
_DENIALS: Final = frozenset({"false", "no", "0", "off"})


@dataclass(frozen=True, kw_only=True)
class TableArn:
    """The parts of a table's ARN."""

    partition: str
    region: str
    account: str
    name: str


@dataclass(frozen=True, kw_only=True)
class TableIdentity:
    """What a table is on an endpoint. `id` is its TableId, which a table that is created again does not keep.

    `restored_from`: the ARN of the table that DynamoDB restored it from. Emulators leave `arn` and `id` empty.
    """

    name: str
    arn: str = ""
    id: str = ""
    endpoint: str = ""
    restored_from: str = ""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])


def parse_arn(text: str) -> TableArn | None:
    """The parts of a table's ARN; None for any other text, also for the ARN of an index, a stream or a backup."""
    found = _ARN.fullmatch(text)
    return TableArn(**found.groupdict()) if found else None


def same_table(one: TableIdentity, other: TableIdentity) -> bool:
    """Whether both are one table, whatever it was called.

    An id is unique everywhere; without one, names and ARNs are compared on one endpoint.
    """
    if one.id and one.id == other.id:
        return True
    return one.endpoint == other.endpoint and (one.name == other.name or bool(one.arn and one.arn == other.arn))


def production_reason(table: TableIdentity) -> str | None:
    """Why the table is production or may be: `its name is of prod`. None: it is not."""
    named = _names(table)
    sure = [reason for text, what in named if (reason := _certain(text, what))]
    tagged = list(_tag_reasons(table.tags))
    if sure or tagged:
        return (sure + tagged)[0]
    if _tagged_environment(table.tags) is not None:
        return None
    return next((reason for text, what in named if (reason := _unclear(text, what))), None)


def production_name(name: str) -> str | None:
    """Why a table of this name is production for certain, whatever its tags say. None: they decide."""
    return _certain(name, "its name")


def names_production(name: str) -> str | None:
    """Why a table of this name, which does not exist yet, would be production or could be taken for it."""
    return production_reason(TableIdentity(name=name))


def _names(table: TableIdentity) -> list[tuple[str, str]]:
    found = [(table.name, "its name")]
    for arn, what in ((table.arn, "its ARN"), (table.restored_from, "the table that it was restored from")):
        if arn:
            parsed = parse_arn(arn)
            found.append((parsed.name if parsed else arn, what))
    return found


def _certain(name: str, what: str) -> str | None:
    folded = _hyphened(name)
    if folded == names.CONTROL_TABLE:
        return f"{what} is that of the control table, which holds the records and locks of the account"
    owners = list(_owners(folded))
    for prefix, owner, suffix in owners:
        if not prefix:
            return f"{what} is {name}, as the app's original tables are called"
        if owner is not None and owner.kind.production:
            return f"{what} is of {owner.name}"
        if owner is not None and _says_production(suffix):
            return f"{what} names it ({name})"
    if not any(owner for _, owner, _ in owners) and _says_production(name.lower()):
        return f"{what} names it ({name})"
    return None


def _unclear(name: str, what: str) -> str | None:
    folded = _hyphened(name)
    if any(owner for _, owner, _ in _owners(folded)):
        return None
    squashed = _SEPARATORS.sub("", folded)
    held = next((table.name for table in TABLES if _SEPARATORS.sub("", table.name) in squashed), None)
    return f"{what} has {held} in it and no environment before it" if held else None


def _owners(folded: str) -> Iterator[tuple[str, Environment | None, str]]:
    """Each reading of a name as ENVIRONMENT-TABLE and a suffix: both texts, and the environment if it is one."""
    for table in TABLES:
        for found in re.finditer(rf"(?=(?<![a-z0-9]){table.name}(?![a-z0-9]))", folded):
            prefix, suffix = folded[: found.start()], folded[found.start() + len(table.name) :]
            yield prefix, _environment(prefix[:-1]), suffix


def _environment(text: str) -> Environment | None:
    try:
        return resolve_stage(text)
    except UnknownEnvironmentError:
        return None


def _tag_reasons(tags: Mapping[str, str]) -> Iterator[str]:
    for key, value in sorted(tags.items()):
        word = value.strip().lower()
        if key.lower().startswith(TAG_PREFIX):
            yield from _own_tag(key, word)
        elif _is_production(word):
            yield f"its tag {key} is {value!r}"
        elif _says_production(key.lower()) and word not in _DENIALS:
            yield f"it has the tag {key}"
    ours = {key.lower() for key in tags if key.lower().startswith(TAG_PREFIX)} - {names.RESTORING_TAG}
    if ours and f"{TAG_PREFIX}environment" not in ours:
        yield f"it has {TAG_PREFIX} tags and none of them names its environment"


def _own_tag(key: str, word: str) -> Iterator[str]:
    claim = key.lower().removeprefix(TAG_PREFIX)
    if claim not in {"environment", "kind", "stack"}:
        return
    text = word.rpartition("/")[2] if claim == "stack" else word
    if claim == "kind" and text == "feature":  # a kind, and no environment's name
        return
    found = _environment(text)
    if found is None:
        yield f"its tag {key} is {word!r}, not an environment"
    elif found.kind.production:
        yield f"its tag {key} is {word!r}"


def _tagged_environment(tags: Mapping[str, str]) -> Environment | None:
    for key, value in tags.items():
        if key.lower() == f"{TAG_PREFIX}environment":
            return _environment(value.strip().lower())
    return None


def _is_production(word: str) -> bool:
    found = _environment(word)
    return found.kind.production if found else _says_production(word)


def _says_production(text: str) -> bool:
    return _PRODUCTION.search(_INNOCENT.sub("", text)) is not None


def _hyphened(name: str) -> str:
    return re.sub(r"[_.]", "-", name.lower())
