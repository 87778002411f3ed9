"""The names that exports give to channels, as channels of the codebook."""

from __future__ import annotations

from empathy_scan.codebook import Channel

_NAMES = {
    Channel.CALL: "call voice phone telephone telephony inbound outbound pstn audio inboundcall outboundcall phonecall",
    Channel.CHAT: "chat webchat livechat messaging messenger web message msg whatsapp inapp widget chatbot",
    Channel.EMAIL: "email mail emails",
    Channel.SOCIAL: "social twitter facebook x instagram socialmedia reddit tiktok linkedin",
    Channel.SMS: "sms text textmessage mms",
}
_CHANNELS = {name: channel for channel, names in _NAMES.items() for name in names.split()}
_CHANNELS["other"] = Channel.OTHER


def read_channel(name: str | None) -> Channel | None:
    """The channel of an export's word for it (`Voice`, `live-chat`); None when it is no such word."""
    if not name:
        return None
    return _CHANNELS.get("".join(character for character in name.casefold() if character.isalnum()))
