"""JSON values with something else at one of their places, for tests of broken files."""

from collections.abc import Iterator

Place = tuple[str | int, ...]


def places(value: object, before: Place = ()) -> Iterator[tuple[Place, object]]:
    """Every place in a JSON value, and what stands there."""
    yield before, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*before, key))


def replaced(value, place: Place, wrong: object):
    """The value with something else at a place."""
    if not place:
        return wrong
    changed = value.copy()
    changed[place[0]] = replaced(value[place[0]], place[1:], wrong)
    return changed
