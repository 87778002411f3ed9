"""What stands around the words of a mail: banners above them, signatures, legal text and programs' lines below."""

from __future__ import annotations

import re
from collections.abc import Sequence

_MOBILE = re.compile(
    r"\s*(?:Sent (?:from|with|via) (?:my|the (?=Samsung)|Mail for|Mail\b|Outlook|Yahoo|AOL|Samsung|"
    r"Proton|Gmail|Spark|Mailbird|"
    r"BlueMail|Hotmail|Zoho|Superhuman|Front|K-9|an? (?:mobile|phone|handheld)|T-?Mobile|(?<=the )Samsung)\b.{0,80}|"
    r"Get (?:Outlook|BlueMail|Spark|Mailbird) for\b.{0,60}|Yahoo Mail: Search.{0,40}|"
    r"(?:Envoyé (?:de mon|depuis|à partir de)|Télécharger Outlook|Obtenez Outlook|Obtenir Outlook)\b.{0,80}|"
    r"Von meinem .{2,40} gesendet.{0,10}|Gesendet (?:von|mit|über) (?:meinem|der|dem|Mail|Outlook|"
    r"Yahoo|Proton|GMX|WEB)\b.{0,60}|"
    r"Diese (?:Nachricht|E-?Mail) wurde von meinem .{2,60} gesendet\.?|.{0,4}Outlook für .{2,20} "
    r"(?:herunterladen|beziehen|abrufen).{0,40}|"
    r"(?:Enviado (?:desde|do|de|a partir)|Obtener Outlook|Obter (?:o )?Outlook|Transferir o Outlook)\b.{0,80}|"
    r"(?:Inviato da(?:l mio)?|Inviato con|Scarica Outlook|Ottieni Outlook|Downloaden? Outlook) .{2,60}|"
    r"(?:Verzonden|Verstuurd) (?:vanaf|met|vanuit)\b.{0,60}|Outlook voor .{2,20} (?:downloaden|ophalen).{0,40}|"
    r"Skickat från .{2,40}|Hämta Outlook\b.{0,60}|Sendt fra .{2,40}|Hent Outlook\b.{0,60}|Få Outlook\b.{0,60}|"
    r"Wysłan[eo] z .{2,40}|Pobierz (?:aplikację )?Outlook\b.{0,60}|Lähetetty .{2,40}|Odesláno z .{2,40}|"
    r".{2,40}から送信|发自我的.{1,30}|從我的.{1,30}傳送|나의 .{1,20}에서 보냄|Отправлено (?:с|из) .{2,40})",
    re.IGNORECASE,
)
_REGARDS = re.compile(
    r"(?:(?:(?:many |with |kind )?(?:thanks|thank you)[,]? (?:and|&|with) )?(?:with |my )?"
    r"(?:very )?(?:best|kind|kindest|warm|warmest|many|sincere)?\s*(?:regards|wishes)|all the (?:very "
    r")?best|best|warmly|"
    r"yours(?: sincerely| faithfully| truly)?|sincerely(?: yours)?|cheers|respectfully(?: yours)?|cordially|take care|"
    r"thanks ?& ?regards|thanks/regards|"
    r"mit (?:freundlichem|bestem|lieben|freundlichen|besten|herzlichen) (?:Gruß|Gruss|Grüßen|Grüssen)|"
    r"(?:freundliche|beste|viele|liebe|schöne|herzliche|sonnige)r? (?:Grüße|Grüsse|Gruß|Gruss)(?: "
    r"(?:aus|von|nach) [\w äöüß-]{2,30})?|"
    r"hochachtungsvoll|MfG|LG|VG|BG|(?:très |bien )?cordialement(?: vôtre)?|sincères salutations|"
    r"salutations(?: distinguées)?|"
    r"bien à vous|(?:un )?(?:cordial |afectuoso )?saludos?(?: cordial(?:es)?)?|atentamente|atenciosamente|cumprimentos|"
    r"com os melhores cumprimentos|abraços?|cordiali saluti|distinti saluti|(?:un )?saluti?|un saluto|"
    r"(?:met )?vriendelijke groet(?:en)?|hartelijke groet(?:en)?|groet(?:en|jes)?|mvg|"
    r"(?:med )?vänlig(?:a)? hälsning(?:ar)?|hälsningar|mvh|(?:med )?venlig hilsen|(?:de )?bedste hilsner|"
    r"(?:med )?vennlig hilsen|hilsen|ystävällisin terveisin|terveisin|z poważaniem|pozdrawiam|s pozdravem|с уважением|"
    r"敬具|此致|顺祝商祺|br|kr|rgds|bw|rgs)\s*[,.!–-]*\s*",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"(?:many |with |kind )?(?:thanks|thank you|thx|cheers|danke|vielen dank|merci|gracias|grazie|"
    r"obrigad[oa]|bedankt|tack)"
    r"(?: (?:a lot|again|so much|very much|in advance|and (?:best|kind) regards))?\s*[,.!]?\s*",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"\W*(?:(?:This|The information(?: contained)? in this|The contents? of this|Any information in this)"
    r"\s+(?:e-?mail|message|communication|transmission)"
    r"\b.{0,200}\b(?:confidential|privileged|intended|solely|scanned|legally)|"
    r"(?:legal |important )*(?:disclaimer|confidentiality notice|notice)\s*[:.-](?=.{0,400}"
    r"(?:confidential|privileged|intended|recipient|liab|virus|views|law))|"
    r"(?:legal )?(?:disclaimer|confidentiality notice)\s*[:.-]|"
    r"confidentiality (?:notice|statement)|please consider the environment|think before you print|"
    r"if you (?:are not|have received this).{0,60}(?:recipient|error)|virus-free\.|scanned (?:by|for viruses)|"
    r"you (?:are receiving|received) this (?:e-?mail|message|because)\b|to "
    r"unsubscribe\b.{0,80}(?:send|click|visit|from)|"
    r"this email is a service from|delivered by zendesk|powered by (?:zendesk|freshdesk|intercom|help "
    r"?scout|gorgias)\b|"
    r"[\w .,&'’-]{2,60}\b(?:is|are) (?:a company )?registered in (?:England|Scotland|Wales|Ireland|Germany|the )|"
    r"registered office\b|"
    r"company (?:registration|registered)\b|(?:Sitz der Gesellschaft|Geschäftsführer(?:in)?|"
    r"Amtsgericht|Handelsregister|"
    r"Registergericht|USt-?Id)\b\.?.{0,40}[:,]|"
    r"Diese (?:E-?Mail|Nachricht)\b.{0,160}(?:vertraulich|bestimmt)|"
    r"Ce (?:message|courriel|mail|e-?mail)\b.{0,160}(?:confidentiel|destin)|"
    r"Este (?:mensaje|correo|e-?mail)\b.{0,160}(?:confidencia|destinatari)|"
    r"Esta mensagem\b.{0,160}(?:confidencia|destinat)|Dit (?:bericht|"
    r"e-?mailbericht)\b.{0,160}(?:vertrouwelijk|bestemd)|"
    r"(?:Questo messaggio|Questa e-?mail|Le informazioni contenute)\b.{0,160}(?:riservat|confidenzial))",
    re.IGNORECASE | re.DOTALL,
)
_LIST_FOOTER = re.compile(
    r"unsubscribe|mailing list|mailman/|list(?:info|serv|admin)|dezabonare|abmelden|désabonner|désinscri|"
    r"cancelar (?:la )?suscripci|groups\.google\.com",
    re.IGNORECASE,
)
_BANNER_START = re.compile(
    r"\W*(?:caution|warning|external|attention|important|achtung|vorsicht|hinweis|warnung|attenzione|avertissement|"
    r"atención|precaución|cuidado|let op|obs|varning|extern\w*|this (?:e-?mail|message)|diese (?:e-?mail|nachricht)|"
    r"ce (?:message|courriel|mail)|este (?:correo|mensaje)|\[?you don'?t often get e-?mail from|zjqcm\w+)\b",
    re.IGNORECASE,
)
_BANNER = re.compile(
    r"(?:external|outside|originated|unknown sender|untrusted|don'?t often get|außerhalb|extern|extérieur|externe|"
    r"fuera de|all'esterno|buiten)\b.{0,200}(?:\b(?:do not|don'?t|links?|attachments?|sender|organi[sz]ation|company|"
    r"learn why|caution|klick|absender|organisation|anhänge|liens|pièces|enlaces|adjuntos|link|"
    r"bijlagen|click|recogni)|$)",
    re.IGNORECASE | re.DOTALL,
)
_BARE_BANNER = re.compile(
    r"\W*(?:external|extern|externe|externo)(?:\s*(?:e-?mail|mail|sender|message|nachricht|absender))?\W*",
    re.IGNORECASE,
)
_FENCED = re.compile(r"ZjQcm\w+BannerStart.*?ZjQcm\w+BannerEnd", re.DOTALL)
_MARKS = re.compile(
    r"\[?\s?\bref:[!_\w.]{8,}:ref\b\s?\]?|\bthread::[\w+/=-]+::|\[cid:[^\]\n]{1,120}\]|\[image: [^\]\n]{0,80}\]|"
    r"<[^<>\n]{1,60}\.(?:png|jpe?g|gif)>",
    re.IGNORECASE,
)
_ENCODED_ID = re.compile(r"\s*\[[A-Z0-9]{5,8}-[A-Z0-9]{4,6}\]\s*")
_MARK_LINES = {"--", "—", "__", "––"}
_RULE = re.compile(r"\s*(?:-{3,}|_{3,}|={3,}|\*{3,})\s*")
_CONTACT = re.compile(
    r"https?://|www\.|@|\+?\d[\d ()/.-]{6,}|\||^\s*(?:t|tel|m|mob|f|fax|e|w|p|phone|mobile|direct)\b\s*[.:]",
    re.IGNORECASE,
)
_SIGNATURE_LINES, _SIGNATURE_WIDTH = 12, 60
_BANNERS = 3  # in a row


def without_banners(lines: list[str]) -> list[str]:
    """The lines after warnings about external mail at the top."""
    joined = "\n".join(lines)
    if "BannerStart" in joined:
        lines = _FENCED.sub("", joined).split("\n")
    for _ in range(_BANNERS):
        start = first_filled(lines)
        end = paragraph_end(lines, start)
        top = "\n".join(lines[start:end]).strip()
        first = lines[start].strip() if start < len(lines) else ""
        if _is_banner(top):
            lines = lines[end:]
        elif first and (_BARE_BANNER.fullmatch(first) or (end - start > 1 and _is_banner(first) and len(first) > 60)):
            lines = lines[start + 1 :]  # the mail goes on in the line below the banner
        else:
            return lines
    return lines


def without_signature(lines: list[str]) -> list[str]:
    """The lines before the signature and the disclaimer, without marks that help desks and programs leave."""
    lines = [_MARKS.sub("", line) for line in lines if not _ENCODED_ID.fullmatch(line)]
    lines = lines[: _signature_mark(lines)]
    lines = [line for line in lines if not _MOBILE.fullmatch(line)]
    lines = _without_trailing_rules(lines[: _disclaimer(lines)])
    lines = lines[: _ruled_off(lines)]
    return _without_closing(_without_trailing_rules(lines))


def first_filled(lines: Sequence[str], start: int = 0) -> int:
    """Position of the first line with something on it; the number of lines when there is none."""
    return next((at for at in range(start, len(lines)) if lines[at].strip()), len(lines))


def paragraph_end(lines: Sequence[str], start: int) -> int:
    """Position of the first blank line; the number of lines when there is none."""
    return next((at for at in range(start, len(lines)) if not lines[at].strip()), len(lines))


def _is_banner(text: str) -> bool:
    if _BARE_BANNER.fullmatch(text):
        return True
    return _BANNER_START.match(text) is not None and _BANNER.search(text) is not None and len(text) < 900


def _signature_mark(lines: Sequence[str]) -> int:
    """Where `-- ` stands on a line of its own below words; the number of lines when it does not."""
    return next((at for at, line in enumerate(lines) if line.strip() in _MARK_LINES), len(lines))


def _without_trailing_rules(lines: list[str]) -> list[str]:
    last = next((at for at in range(len(lines) - 1, -1, -1) if lines[at].strip("_=*.~#|+•·–—- \t\xa0")), -1)
    return lines[: last + 1]


def _ruled_off(lines: Sequence[str]) -> int:
    """Where a rule begins below which only a name and its addresses, or a mailing list's footer, stand."""
    for at in range(len(lines) - 1, 0, -1):
        if not _RULE.fullmatch(lines[at]):
            continue
        below = [line for line in lines[at + 1 :] if line.strip()]
        listed = len(below) <= _SIGNATURE_LINES and any(map(_LIST_FOOTER.search, below))
        signed = 0 < len(below) <= _SIGNATURE_LINES and _is_name_line(below[0]) and _is_signature(below)
        return at if listed or signed else len(lines)
    return len(lines)


def _disclaimer(lines: Sequence[str]) -> int:
    """Where the first paragraph of legal text begins; the number of lines when there is none."""
    position = first_filled(lines)
    while position < len(lines):
        end = paragraph_end(lines, position)
        if _DISCLAIMER.match("\n".join(lines[position:end])):
            return position
        position = first_filled(lines, end)
    return len(lines)


def _without_closing(lines: list[str]) -> list[str]:
    """The lines without `Best regards,` and the names below it; a `Thank you,` stays, the names below it go."""
    filled = [at for at, line in enumerate(lines) if line.strip()]
    for count, at in enumerate(reversed(filled[1:])):  # a mail of nothing but `Take care!` says that
        if count > _SIGNATURE_LINES:
            break
        below = [line for line in lines[at + 1 :] if line.strip()]
        said = [line for line in below if _is_postscript(line)]
        if _REGARDS.fullmatch(lines[at].strip()) and _is_signature(below):
            return _without_trailing_rules([*lines[:at], *said])
        if _THANKS.fullmatch(lines[at].strip()) and below and all(map(_is_name_line, below)):
            return lines[: at + 1]
    return lines


def _is_signature(below: Sequence[str]) -> bool:
    """Whether the lines below a closing are names, positions and addresses: short, and no sentence right below it."""
    if below and not _is_postscript(below[0]) and re.search(r"[.?!]$", below[0].strip()) and len(below[0].split()) > 2:
        return False
    return all(len(line) <= _SIGNATURE_WIDTH or _is_postscript(line) or _CONTACT.search(line) for line in below)


def _is_postscript(line: str) -> bool:
    return re.match(r"P\.?\s?S\b", line) is not None


def _is_name_line(line: str) -> bool:
    """A name or a way to reach somebody, not a sentence."""
    words = line.split()
    return len(words) <= 5 and words[0][:1].isupper() and not re.search(r"[.?!]$", line)
