"""JSON values with something else at one of their places, for tests of broken files, and what must hold of them."""

import math
from collections.abc import Iterator

from empathy_scan.codebook import Role
from empathy_scan.readers import gather
from empathy_scan.readers.conversation import Parsed

Place = tuple[str | int, ...]
# What may stand where something else belongs.
ODD = (None, True, [], {}, "", "x", -1, 10**30, 1e300, [[[[[[]]]]]], {"a": {"b": {"c": {}}}}, [None, 1, "x"], "9" * 400)


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


def check(parsed: Parsed) -> None:
    """Whatever was broken, what is read has ids, texts and numbers, and fits the frame of turns."""
    for conversation in parsed.conversations:
        assert conversation.conversation_id
        assert conversation.turns
        for turn in conversation.turns:
            assert turn.text
            assert turn.role in set(Role)
            assert turn.start is None or math.isfinite(turn.start)
            assert turn.agent_id is None or turn.role in {Role.AGENT, Role.UNKNOWN}
        assert all(isinstance(value, str) for value in conversation.metadata.values())
    gather.turns_frame([gather.Placed(each, "x", "y") for each in parsed.conversations], {})
