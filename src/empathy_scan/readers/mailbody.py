"""What the sender of a mail wrote: quotes, signatures, banners and disclaimers cut, answers between quotes kept.

The patterns are those of common mail programs in English, German, French, Spanish, Italian, Portuguese, Dutch, Swedish,
Norwegian, Danish, Finnish, Polish, Chinese and Japanese.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_WROTE = (
    (r"(?:On|At)\b", r"(?:wrote|writes)"),
    (r"Am\b", r"schrieb\b.*"),
    (r"Le\b", r"a\s+écrit"),
    (r"El\b", r"escribió\b.*"),
    (r"Il\b", r"ha\s+scritto"),
    (r"Em\b", r"escreveu\b.*"),
    (r"(?:Op|Am)\b", r"schreef\b.*"),
    (r"(?:Den|På|D\.|ons|tors|fre|lör|sön|mån|tis)\b", r"(?:skrev|skreiv)\b.*"),
    (r"(?:W\s+dniu|Dnia)\b", r"(?:pisze|napisał\(?a?\)?)\b.*"),
    (r".{1,60}", r"kirjoitti"),
    (r"在", r"写道"),
)
_ATTRIBUTIONS = [
    re.compile(rf"(?:-{{2,}}\s*)?{start}.{{3,300}}?{verb}\s*[:：]", re.DOTALL) for start, verb in _WROTE
] + [
    re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b.{3,120}<[^<>\s]+@[^<>\s]+>\s*[:：]"),
    re.compile(r".{1,80}<[^<>\s]+@[^<>\s]+>\s+(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|skrev)\b.{3,80}:"),
    re.compile(r".{3,120}のメール\s*[:：]"),
]
_SEPARATOR = re.compile(
    r"\s*(?:-{2,}\s*)(?:Original Message|Original Mail|Forwarded message|Forwarded by.*|"
    r"Ursprüngliche (?:Nachricht|Mail)|"
    r"Weitergeleitete Nachricht|Message d'origine|Message original|Message transféré|Mensaje original|"
    r"Mensaje reenviado|"
    r"Messaggio originale|Mensagem original|Oorspronkelijk bericht|Ursprungligt meddelande|Original besked|"
    r"Oprindelig meddelelse|Opprinnelig melding|Wiadomość oryginalna|Reply above this line.*|原始邮件|元のメッセージ)"
    r"\s*-*\s*|\s*Begin forwarded message:\s*|\s*Anfang der weitergeleiteten Nachricht:\s*|"
    r"\s*Original Message processed by.*|\s*#{2,}-? ?Please type your reply above this line.*",
    re.IGNORECASE,
)
_FROM = re.compile(r"[*\s]*(?:From|Von|De|Da|Från|Fra|Van|Od|差出人|发件人|寄件者)\s?[*]*\s?[:：]")
_OTHER_FIELDS = re.compile(
    r"[*\s]*(?:Sent|Date|Gesendet|Datum|Envoyé|Enviado(?: el)?|Enviada em|Fecha|Data|Inviato|Skickat|Sendt|Dato|"
    r"Verzonden|"
    r"Wysłano|To|An|À|Para|A|Till|Til|Aan|Do|Cc|Subject|Betreff|Objet|Asunto|Assunto|Oggetto|Ämne|Emne|Onderwerp|Temat|"
    r"Reply-To|Importance|日時|宛先|件名|发送时间|收件人|主题)\s?[*]*\s?[:：]",
    re.IGNORECASE,
)
_MOBILE = re.compile(
    r"\s*(?:Sent from (?:my|Mail for|Outlook|Yahoo|AOL|Samsung|Proton)\b.*|Get Outlook for\b.*|"
    r"Envoyé (?:de mon|depuis)\b.*|"
    r"Von meinem .{2,30} gesendet.*|Gesendet von (?:meinem|Mail|Outlook)\b.*|Enviado (?:desde|do) (?:mi|meu)\b.*|"
    r"Inviato da(?:l mio)? .{2,30}|Verzonden vanaf mijn\b.*|Skickat från min\b.*|Sendt fra min\b.*)",
    re.IGNORECASE,
)
_REGARDS = re.compile(
    r"(?:(?:with |my )?(?:best|kind|kindest|warm|warmest|many|sincere)?\s*(?:regards|wishes)|all the best|best|"
    r"yours(?: sincerely| faithfully| truly)?|sincerely(?: yours)?|cheers|respectfully|cordially|take care|"
    r"mit (?:freundlichen|besten) Grüßen|(?:freundliche|beste|viele|liebe|schöne) Grüße|MfG|LG|VG|cordialement|"
    r"bien (?:à vous|cordialement)|(?:un )?(?:cordial )?saludos?(?: cordiales)?|atentamente|atenciosamente|"
    r"cordiali saluti|distinti saluti|met vriendelijke groet(?:en)?|groeten|(?:med )?vänliga hälsningar|mvh|"
    r"(?:med )?venlig hilsen|(?:med )?vennlig hilsen|pozdrawiam|br|kr|rgds)\s*[,.!–-]?\s*",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"(?:many |with |kind )?(?:thanks|thank you|thx|cheers|danke|vielen dank|merci|gracias|grazie|"
    r"obrigad[oa]|bedankt|tack)"
    r"(?: (?:a lot|again|so much|very much|in advance|and (?:best|kind) regards))?\s*[,.!]?\s*",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"\W*(?:(?:This|The information(?: contained)? in this|The contents? of this)"
    r"\s+(?:e-?mail|message|communication|transmission)"
    r"\b.{0,200}\b(?:confidential|privileged|intended|solely)|"
    r"(?:legal )?(?:disclaimer|confidentiality notice|notice)\s*[:.-]|"
    r"confidentiality (?:notice|statement)|please consider the environment|"
    r"Diese (?:E-?Mail|Nachricht) (?:und|enthält|ist|kann)\b.{0,120}vertraulich|"
    r"Ce (?:message|courriel)\b.{0,120}confidentiel|"
    r"Este (?:mensaje|correo|e-?mail)\b.{0,120}confidencia|Questo messaggio\b.{0,120}riservat)",
    re.IGNORECASE | re.DOTALL,
)
_BANNER = re.compile(
    r"\W*(?:\[?(?:caution|warning|external(?: e-?mail| sender| message)?|attention)\b\]?\s*[:!-]?.{0,300}"
    r"(?:external|outside|originated|click|links|attachments|sender)|\[external(?: e-?mail)?\]\W*$|"
    r"you don'?t often get e-?mail from)",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_ATTRIBUTION = 4  # lines over which mail programs wrap it
_LONGEST_BLOCK = 7  # lines of a From/Sent/To/Subject block
_SIGNATURE_LINES, _SIGNATURE_WIDTH = 6, 60


def own_words(body: str) -> str:
    """The words that the sender of a mail wrote into it; an empty string when all of it is quoted."""
    lines = [line.rstrip() for line in body.replace("\r\n", "\n").replace("\ufeff", "").split("\n")]
    lines = _without_banner(lines)
    lines = _without_quotes(lines)
    lines = _without_signature(lines)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _without_banner(lines: list[str]) -> list[str]:
    """The lines after a warning about external mail at the top."""
    paragraph_end = _paragraph_end(lines, _first_filled(lines))
    if _BANNER.match("\n".join(lines[:paragraph_end]).strip()):
        return lines[paragraph_end:]
    return lines


def _without_quotes(lines: Sequence[str]) -> list[str]:
    """The lines that are not quoted: to the end of the mail where the history is not marked line by line."""
    kept: list[str] = []
    position = 0
    while position < len(lines):
        line = lines[position]
        if _is_quoted(line):
            position += 1
            continue
        if _SEPARATOR.fullmatch(line) or _begins_header_block(lines, position):
            break
        size = _attribution(lines, position)
        if size:
            following = _first_filled(lines, position + size)
            if following < len(lines) and not _is_quoted(lines[following]):
                break
            position += size
            continue
        kept.append(line)
        position += 1
    return kept


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith((">", "＞"))


def _attribution(lines: Sequence[str], position: int) -> int:
    """Over how many lines an `On ..., ... wrote:` stretches from this one; 0 when none begins here."""
    if not any(character.isdigit() for character in lines[position]):
        return 0
    for size in range(1, _LONGEST_ATTRIBUTION + 1):
        part = lines[position : position + size]
        if len(part) < size or not part[-1].strip() or _is_quoted(part[-1]):
            return 0
        joined = " ".join(line.strip() for line in part)
        if joined.endswith((":", "：")) and any(pattern.fullmatch(joined) for pattern in _ATTRIBUTIONS):
            return size
    return 0


def _begins_header_block(lines: Sequence[str], position: int) -> bool:
    """Whether a block `From: ... Sent: ... To: ... Subject: ...` begins at this line."""
    if not _FROM.match(lines[position]):
        return False
    # HTML mails have each field in a paragraph of its own.
    block = [line for line in lines[position + 1 : position + 2 * _LONGEST_BLOCK] if line.strip()][:_LONGEST_BLOCK]
    return sum(_OTHER_FIELDS.match(line) is not None for line in block) > 1


def _without_signature(lines: list[str]) -> list[str]:
    """The lines before the signature and the disclaimer."""
    marks = [at for at, line in enumerate(lines) if line.strip() in {"--", "—"}]
    lines = lines[: marks[0]] if marks else lines
    lines = [line for line in lines if not _MOBILE.fullmatch(line)]
    lines = lines[: _disclaimer(lines)]
    while lines and re.fullmatch(r"[\W_]*", lines[-1]):
        lines = lines[:-1]
    return _without_closing(lines)


def _disclaimer(lines: Sequence[str]) -> int:
    """Where the first paragraph of legal text begins; the number of lines when there is none."""
    position = _first_filled(lines)
    while position < len(lines):
        end = _paragraph_end(lines, position)
        if _DISCLAIMER.match("\n".join(lines[position:end])):
            return position
        position = _first_filled(lines, end)
    return len(lines)


def _without_closing(lines: list[str]) -> list[str]:
    """The lines without `Best regards,` and the names below it; a `Thank you,` stays, the names below it go."""
    filled = [at for at, line in enumerate(lines) if line.strip()]
    for count, at in enumerate(reversed(filled)):
        if count > _SIGNATURE_LINES:
            break
        below = [line for line in lines[at + 1 :] if line.strip()]
        said = [line for line in below if re.match(r"P\.?\s?S\b", line)]
        if _REGARDS.fullmatch(lines[at].strip()) and all(map(_is_signature_line, below)):
            return [*lines[:at], *said]
        if _THANKS.fullmatch(lines[at].strip()) and below and all(map(_is_name_line, below)):
            return lines[: at + 1]
    return lines


def _is_signature_line(line: str) -> bool:
    return len(line) <= _SIGNATURE_WIDTH or re.match(r"P\.?\s?S\b", line) is not None


def _is_name_line(line: str) -> bool:
    """A name or a way to reach somebody, not a sentence."""
    words = line.split()
    return len(words) <= 5 and words[0][:1].isupper() and not re.search(r"[.?!]$", line)


def _first_filled(lines: Sequence[str], start: int = 0) -> int:
    return next((at for at in range(start, len(lines)) if lines[at].strip()), len(lines))


def _paragraph_end(lines: Sequence[str], start: int) -> int:
    return next((at for at in range(start, len(lines)) if not lines[at].strip()), len(lines))
