"""A conversation as the `.expected.json` files beside the samples of formats write it."""

_TURN = ("role", "role_source", "speaker", "agent_id", "start", "end", "text")


def told(conversation):
    """What must be so of a conversation: all that is told of it, and of its turns."""
    return {
        "conversation_id": conversation.conversation_id,
        "channel": conversation.channel,
        "queue": conversation.queue,
        "started_at": conversation.started_at and conversation.started_at.isoformat(),
        "redacted": conversation.redacted,
        "metadata": dict(conversation.metadata),
        "turns": [{name: getattr(turn, name) for name in _TURN} for turn in conversation.turns],
    }
