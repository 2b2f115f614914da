"""Types that exist only in the stack's state: the embedded AWS creates nothing for them, and drift is not seen."""

from collections.abc import Callable, Mapping

from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.schema import Actions, Failure, Property, ResourceType, Values


def recorded(
    type_: str,
    title: str,
    properties: Mapping[str, Property],
    *,
    identify: Callable[[Aws, Values], str],
    compute: Callable[[Aws, Values], Values] = lambda _aws, _inputs: {},
    validate: Callable[[Values], list[Failure]] = lambda _inputs: [],
) -> ResourceType:
    """Return a resource type that is checked and compared like any other, but never created.

    `identify` returns the id that AWS would give it, `compute` the properties that AWS would add. It cannot be
    imported: there is nothing to import.
    """

    def read(aws: Aws, _made: str, state: Values) -> Values | None:
        return state | compute(aws, state) if state else None

    def forget(_aws: Aws, _made: str, _state: Values) -> None:
        """Nothing to do: it exists only in the state."""

    return ResourceType(
        type=type_,
        title=title,
        properties=properties,
        validate=validate,
        recorded_only=True,
        actions=Actions(create=identify, read=read, delete=forget),
    )


def all_tags(inputs: Values) -> Values:
    """Return `tagsAll` of a taggable type."""
    return {"tagsAll": inputs.get("tags", {})}
