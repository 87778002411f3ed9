"""What the sender of a mail wrote: quotes, signatures, banners and disclaimers cut, answers between quotes kept."""

from __future__ import annotations

import re
from collections.abc import Sequence

from empathy_scan.readers import mailquotes, mailsignature

_RULE = re.compile(r"\s*+[-–—_=*]{5,}+\s*+")
# Above each comment in the notices of help desks: `Maya Osei, Oct 5, 2026, 10:12 AM GMT+1`, `Maya Osei (Larkfield)`.
_COMMENT = re.compile(r"\s*\S.{0,79}[,(].{0,40}\b(?:19|20)\d\d\b.{0,30}|\s*\S.{0,60}\d{1,2}[:.]\d{2}.{0,20}")
_NOTICE = re.compile(
    r"\W{0,40}(?:(?:your|a|the) (?:support )?(?:request|ticket|case|message|conversation|query)\b.{0,80}"
    r"\b(?:has|have) been (?:updated|received|replied|answered|commented|assigned|solved|closed)|"
    r"to (?:add|leave|make|view|respond|reply)\b.{0,80}\b(?:comment|reply|e-?mail|ticket|click|request)|"
    r"(?:you|we) (?:have )?(?:received|have) a (?:new )?(?:reply|response|message|comment)|"
    r"[\w .'’-]{2,60} (?:commented|replied|wrote|responded|has added a comment|added a comment)\s*+:?\s*+$|"
    r"(?:ticket|request|case)\s*+(?:id|#|url|:))",
    re.IGNORECASE | re.DOTALL,
)


def own_words(body: str) -> str:
    """The words that the sender of a mail wrote into it; an empty string when all of it is quoted."""
    lines = [line.rstrip() for line in body.replace("\r\n", "\n").replace("\ufeff", "").split("\n")]
    lines = mailsignature.without_banners(lines)
    lines = _without_notice(lines)
    lines = _without_quotes(lines)
    lines = mailsignature.without_signature(lines)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _without_notice(lines: list[str]) -> list[str]:
    """The newest comment of a help desk's notice, which begins with `reply above this line`; else all lines.

    The comments below the newest one are history: they are in the export as mails of their own.
    """
    top = mailsignature.first_filled(lines)
    while top < len(lines) and _RULE.fullmatch(lines[top]):
        top = mailsignature.first_filled(lines, top + 1)
    if top == len(lines) or not mailquotes.ABOVE.fullmatch(lines[top]):
        return lines
    lines = lines[top + 1 :]
    heads = [at for at in range(len(lines)) if _is_comment_head(lines, at)]
    if heads:
        end = heads[1] if len(heads) > 1 else len(lines)
        return lines[mailsignature.first_filled(lines, heads[0] + 1) + 1 : end]
    return _without_notice_lines(lines)


def _is_comment_head(lines: Sequence[str], at: int) -> bool:
    """Whether a rule stands here, and below it who wrote the comment and when."""
    below = mailsignature.first_filled(lines, at + 1)
    return bool(_RULE.fullmatch(lines[at])) and below < len(lines) and bool(_COMMENT.fullmatch(lines[below]))


def _without_notice_lines(lines: list[str]) -> list[str]:
    """The lines below the paragraphs with which a help desk announces a comment."""
    position = mailsignature.first_filled(lines)
    while position < len(lines):
        end = mailsignature.paragraph_end(lines, position)
        if not _NOTICE.match("\n".join(lines[position:end])) and not _RULE.fullmatch(lines[position]):
            break
        position = mailsignature.first_filled(lines, end)
    return lines[position:]


def _without_quotes(lines: Sequence[str]) -> list[str]:
    """The lines that are not quoted: to the end of the mail where the history is not marked line by line."""
    kept: list[str] = []
    position = 0
    while position < len(lines):
        if mailquotes.is_quoted(lines[position]):
            position += 1
            continue
        if mailquotes.ends_at(lines, position):
            break
        size = mailquotes.attribution(lines, position)
        if size:
            following = mailsignature.first_filled(lines, position + size)
            if following < len(lines) and not mailquotes.is_quoted(lines[following]):
                break
            position += size
            continue
        kept.append(lines[position])
        position += 1
    return kept
