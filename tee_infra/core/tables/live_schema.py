"""Schemas: a live table's keys, indexes, TTL and stream as a catalog entry, and the differences of the two."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tee_infra.core.tables.beyond_catalog import Beyond, beyond_catalog, has_composite_key, index_text
from tee_infra.core.tables.catalog import AttributeType, Index, Key, StreamView, Table
from tee_infra.core.tables.description import IndexDescription, KeyElement, Projection, TableDescription


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The schema of a table, without names that only the app uses."""

    partition_key: Key
    sort_key: Key | None
    indexes: tuple[Index, ...]
    ttl_attribute: str | None
    stream_view: StreamView | None
    beyond: tuple[Beyond, ...] = ()
    """What only a live table has: the catalog cannot express it."""


def schema_of(table: Table) -> Schema:
    """The schema of a catalog entry."""
    return Schema(
        partition_key=table.partition_key,
        sort_key=table.sort_key,
        indexes=tuple(sorted(table.indexes, key=lambda index: index.name)),
        ttl_attribute=table.ttl_attribute,
        stream_view=table.stream_view,
    )


def read_schema(description: TableDescription, time_to_live: Mapping[str, Any]) -> Schema:
    """The schema of a live table; `time_to_live` is `TimeToLiveDescription` of DescribeTimeToLive."""
    types, stream = description.types, description.stream_specification
    partition_key, sort_key = _keys(description.key_schema, types)
    enabled = time_to_live.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
    plain = [index for index in description.global_secondary_indexes if not has_composite_key(index)]
    found = [_index(index, types) for index in plain]
    return Schema(
        partition_key=partition_key,
        sort_key=sort_key,
        indexes=tuple(sorted(found, key=lambda index: index.name)),
        ttl_attribute=time_to_live.get("AttributeName") if enabled else None,
        stream_view=stream.stream_view_type if stream and stream.stream_enabled else None,
        beyond=beyond_catalog(description),
    )


def differences(catalog: Schema, live: Schema) -> list[str]:
    """One line for each difference, the catalog's side first; empty when they agree."""
    found = [f"{part}; only live, and the catalog cannot express it" for part in live.beyond]
    return found + list(_compared((catalog, live), ("in the catalog", "live"), {part.what for part in live.beyond}))


def differences_between(one: Schema, other: Schema, environments: tuple[str, str]) -> list[str]:
    """One line for each difference of two live tables, with the names of their environments."""
    sides = f"in {environments[0]}", f"in {environments[1]}"
    alone = [(part, sides[0]) for part in one.beyond if part not in other.beyond]
    alone += [(part, sides[1]) for part in other.beyond if part not in one.beyond]
    said = {part.what for part, _ in alone}
    return [f"{part}; only {side}" for part, side in sorted(alone)] + list(_compared((one, other), sides, said))


def _compared(schemas: tuple[Schema, Schema], sides: tuple[str, str], said: Collection[str]) -> Iterator[str]:
    """The differences of what the catalog can express; `said` has what a line says already."""
    for aspect in ("partition_key", "sort_key", "ttl_attribute", "stream_view"):
        ours, theirs = (getattr(schema, aspect) for schema in schemas)
        if ours != theirs:
            yield f"{aspect}: {_text(ours)} {sides[0]}, {_text(theirs)} {sides[1]}"
    ours, theirs = ({index.name: index for index in schema.indexes} for schema in schemas)
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in ours or name not in theirs:
            if index_text(name) not in said:
                yield f"index {name}: only {sides[name not in ours]}"
        elif _unordered(ours[name]) != _unordered(theirs[name]):
            yield f"index {name}: {_text(ours[name])} {sides[0]}, {_text(theirs[name])} {sides[1]}"


def render_entry(name: str, schema: Schema) -> str:
    """Python text of the catalog entry for the table called `name`.

    The reader has to drop an environment's prefix and to choose the item's shape, which is not in the live table.
    """
    lines = [
        "Table(",
        f"    name={name!r},",
        f"    app_name={name.rsplit('-', 1)[-1]!r},",
        "    item=...,  # the shape of its items, classified, in item_shapes.py",
        f"    partition_key={schema.partition_key!r},",
        f"    sort_key={schema.sort_key!r},",
    ]
    if schema.indexes:
        lines += ["    indexes=(", *(f"        {index!r}," for index in schema.indexes), "    ),"]
    lines += [f"    ttl_attribute={schema.ttl_attribute!r},", f"    stream_view={schema.stream_view!r},", "),"]
    lines += [f"# not in this entry, because the catalog cannot express it: {part}" for part in schema.beyond]
    return "\n".join(lines)


def _keys(key_schema: Sequence[KeyElement], types: Mapping[str, AttributeType]) -> tuple[Key, Key | None]:
    names = {element.key_type: element.attribute_name for element in key_schema}
    sort = names.get("RANGE")
    return Key(names["HASH"], types[names["HASH"]]), Key(sort, types[sort]) if sort else None


def _index(index: IndexDescription, types: Mapping[str, AttributeType]) -> Index:
    partition_key, sort_key = _keys(index.key_schema, types)
    projection = index.projection or Projection("ALL")
    kept = projection.projection_type
    return Index(
        name=index.index_name,
        partition_key=partition_key,
        sort_key=sort_key,
        projection=projection.non_key_attributes if kept == "INCLUDE" else kept,
    )


def _unordered(index: Index) -> Index:
    """DynamoDB keeps the projected attributes as a set, and lists them in any order."""
    return index if isinstance(index.projection, str) else replace(index, projection=tuple(sorted(index.projection)))


def _text(value: object) -> str:
    return "none" if value in (None, ()) else str(value)
