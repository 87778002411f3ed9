"""Where quoted history begins in a mail: attributions, separators and blocks of fields of common mail programs.

English, German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Norwegian, Danish, Finnish, Polish, Czech,
Hungarian, Romanian, Russian, Turkish, Chinese, Japanese and Korean.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_WROTE = (
    r"\b(?:wrote|writes|schrieb|geschrieben|geschreven|schreef|a\s+écrit|escribió|ha\s+scritto|"
    r"escreveu|skrev|skreiv|pisze|"
    r"napisał(?:\(a\)|a|/a)?|napisana|kirjoitti|napsala?|napsal\(a\)|írta|a\s+scris|написала?|пишет|"
    r"yazdı|έγραψε|كتب)\b|"
    r"写道|寫道|のメール|님이 작성"
)
# Between the date and `wrote` of an attribution without an address stand names, never these.
_SENTENCE = re.compile(
    r"\b(?:I|we|you|he|she|they|and|but|that|your|my|ich|wir|und|ihr|je|nous|vous|et|yo|ustedes|io|ik|jag|jeg)\b"
)
_BEGINNINGS = re.compile(
    r"(?:-{2,}\s*)?(?:On|At|Am|Le|El|Il|Em|No dia|Op|Den|På|D\.|W\s+dniu|Dnia|Dne|Στις|في|В|在|"
    r"(?:mon|tue|wed|thu|fri|sat|sun|ons|tors|tor|fre|lør|lör|søn|sön|man|mån|tir|tis|ma|ti|ke|to|pe|la|su|pon|wt|śr|"
    r"czw|pt|sob|niedz|po|út|st|čt|pá|so|ne|пн|вт|ср|чт|пт|сб|вс)\b[a-z]*[.,]?|\d)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?<![^<>()\s@:])[^<>()\s@:]++@[^<>()\s@:]+\.[^<>()\s@:]")
_IN_ANGLES = re.compile(r"<\s*[^<>\s@]+@[^<>\s@]+\s*>|\(<?[^<>()\s@]+@[^<>()\s@]+>?\)|<mailto:")
_DATE = re.compile(
    r"\d{1,4}\s?[-/.年년]\s?\d{1,2}|\d{1,2}(?:st|nd|rd|th|er)?\.?\s++(?:de\s++)?[^\W\d]{3}|"
    r"[^\W\d]{3}\.?\s++\d{1,2}\b|\d{1,2}[:.]\d{2}"
)
_LOTUS = re.compile(
    r".{2,80}\bwrote on \d.{4,40}[:：]|-{2,}\s*On\b.{5,200}\bwrote\s*-{2,}|"
    r".{2,60}---\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}\b.*---.*"
)
_NAMED = re.compile(rf"[^.?!\n]{{2,80}}(?:{_WROTE})[^.?!\n]{{0,12}}\s*[:：]")
_DASHED = (
    "Original Message|Original Mail|Original Email|Original e-mail|Forwarded message|Forwarded by.*|Forwarded Mail|"
    "Ursprüngliche (?:Nachricht|Mail|E-?Mail)|Original-?Nachricht|Originalnachricht|Weitergeleitete Nachricht|"
    "Message d'origine|Message original|Message initial|Message transféré|Courriel original|"
    "Mensaje original|Mensaje reenviado|Messaggio originale|Messaggio inoltrato|"
    "Mensagem original|Mensagem encaminhada|Mensagem reencaminhada|Oorspronkelijk bericht|Doorgestuurd bericht|"
    "Ursprungligt meddelande|Vidarebefordrat meddelande|Original besked|Oprindelig (?:meddelelse|besked)|"
    "Videresendt (?:meddelelse|besked|melding)|Opprinnelig melding|Alkuperäinen viesti|Välitetty viesti|"
    "Wiadomość oryginalna|Oryginalna wiadomość|Przekazana wiadomość|Treść przekazanej wiadomości|Původní zpráva|"
    "Přeposlaná zpráva|Eredeti üzenet|Mesaj original|Исходное сообщение|Пересылаемое сообщение|"
    "Пересланное сообщение|Orijinal Mesaj|Özgün İleti|原始邮件|原始郵件|转发的邮件|"
    "元のメッセージ|원본 메시지|전달된 메시지"
)
_FORWARDED = (
    r"Begin forwarded message|Anfang der weitergeleiteten (?:Nachricht|E-?Mail)|Début du message "
    r"(?:transféré|réexpédié)|"
    r"Inicio del mensaje reenviado|Inizio (?:del )?messaggio inoltrato|Início da mensagem (?:re)?encaminhada|"
    r"Begin doorgestuurd bericht|Vidarebefordrat brev|Start på videresendt besked|Videresendt melding|"
    r"Początek przekazywanej wiadomości|Välitetty viesti alkaa|転送されたメッセージ|以下是转发的邮件"
)
SEPARATOR = re.compile(
    rf"\s*[-_=*–—]{{2,}}\s*(?:{_DASHED})\s*[-_=*–—]*\s*|\s*(?:{_FORWARDED})\s*[:：]\s*|"
    r"\s*Original Message processed by.*|\s*\*{3,}\s*(?:Original|Forwarded) Message\s*\*{3,}\s*",
    re.IGNORECASE,
)
# The line above which a help desk wants its answers; what stands below it at the top of a mail is what the desk sends.
ABOVE = re.compile(
    r"[\s>#*_=–—-]*(?:please\s+)?(?:type your reply|reply|write your reply|respond|enter your reply|type your response)"
    r"\s+above\s+this\s+line\b.*|"
    r"[\s>#*_=–—-]*(?:Bitte (?:geben Sie|schreiben Sie) Ihre Antwort (?:über|oberhalb) dieser Zeile|"
    r"Antworten Sie (?:bitte )?(?:über|oberhalb) dieser (?:Zeile|Linie)|"
    r"(?:Veuillez|Merci de|Répondez)\b.{0,40}(?:au-dessus|ci-dessus) de cette ligne|"
    r"(?:Por favor, )?(?:escriba|responda|escribe)\b.{0,30}(?:encima de|sobre|acima d)\w*\s*(?:esta )?l[ií]nea?ha?|"
    r"(?:Digite|Escreva|Responda)\b.{0,30}acima desta linha|(?:Scrivi|Digita|Rispondi)\b.{0,30}sopra "
    r"(?:a )?questa (?:riga|linea)|"
    r"(?:Typ|Geef|Plaats)\b.{0,30}boven deze (?:regel|lijn))\b.*",
    re.IGNORECASE,
)
_FROM = re.compile(
    r"[*\s]*(?:From|Von|De|Da|Från|Fra|Van|Od|От|Mittente|Remetente|Remitente|Expéditeur|Absender|Avsender|Afsender|"
    r"Lähettäjä|Feladó|Kimden|差出人|发件人|寄件者|寄件人|보낸 ?사람)\s?[*]*\s?[:：]"
)
_OTHER_FIELDS = re.compile(
    r"[*\s]*(?:Sent|Sent at|Date|Gesendet|Datum|Envoyé(?: le)?|Enviado(?: el| em)?|Enviada em|Fecha|Data|Inviato|"
    r"Skickat|Sendt|Dato|Verzonden|Wysłan[oe]|Lähetetty|Päivämäärä|Odesláno|Отправлено|Дата|Elküldve|"
    r"Gönderme(?: Tarihi)?|"
    r"Tarih|To|An|À|Para|A|Till|Til|Aan|Do|Komu|Pour|Destinatario|Destinataire|Vastaanottaja|Кому|Címzett|Kime|"
    r"Cc|Bcc|Copie à|Copia|Kopie|Kopia|Kopi|Subject|Betreff|Objet|Sujet|Asunto|Assunto|Oggetto|Ämne|"
    r"Emne|Onderwerp|Temat|Aihe|"
    r"Předmět|Тема|Tárgy|Konu|Reply-To|Importance|Priority|日時|送信日時|日付|宛先|件名|发送时间|日期|收件人|抄送|主题|"
    r"寄件日期|收件者|主旨|보낸 ?날짜|날짜|받는 ?사람|제목)\s?[*]*\s?[:：]",
    re.IGNORECASE,
)
_LONGEST_ATTRIBUTION = 4  # lines over which mail programs wrap it
_LONGEST_TEXT = 320  # characters of one
_LONGEST_BLOCK = 7  # lines of a From/Sent/To/Subject block


def is_quoted(line: str) -> bool:
    """Whether a line carries the mark of a quote."""
    return line.lstrip().startswith((">", "＞"))


def ends_at(lines: Sequence[str], position: int) -> bool:
    """Whether all from this line on is history: a separator, or a block of From/Sent/To/Subject."""
    line = lines[position].replace("’", "'")
    return bool(SEPARATOR.fullmatch(line) or ABOVE.fullmatch(line)) or _begins_block(lines, position)


def attribution(lines: Sequence[str], position: int) -> int:
    """Over how many lines an `On ..., ... wrote:` stretches from this one; 0 when none begins here."""
    if _LOTUS.fullmatch(lines[position].strip()):
        return 1
    if _NAMED.fullmatch(lines[position].strip()) and is_quoted(_next_filled(lines, position + 1)):
        return 1
    if not any(character.isdigit() for character in lines[position]) and not _IN_ANGLES.search(lines[position]):
        return 0
    for size in range(1, _LONGEST_ATTRIBUTION + 1):
        part = lines[position : position + size]
        if len(part) < size or not part[-1].strip() or is_quoted(part[-1]):
            return 0
        joined = " ".join(line.strip() for line in part)
        if joined.endswith((":", "：")) and len(joined) <= _LONGEST_TEXT and _is_attribution(joined):
            return size
    return 0


def _is_attribution(text: str) -> bool:
    """Whether a text says when and who wrote: with an address, or in the words that programs use without one."""
    if not _DATE.search(text):
        return False
    wrote = re.search(_WROTE, text, re.IGNORECASE)
    if _ADDRESS.search(text):
        begins = _BEGINNINGS.match(text) is not None
        if _IN_ANGLES.search(text):
            return wrote is not None or (begins and text.rstrip(":： ").endswith((">", ")")))
        return begins and wrote is not None
    return wrote is not None and _BEGINNINGS.match(text) is not None and not _SENTENCE.search(text)


def _begins_block(lines: Sequence[str], position: int) -> bool:
    """Whether a block `From: ... Sent: ... To: ... Subject: ...`, in any order, begins at this line."""
    first = _FROM.match(lines[position]) is not None
    if not first and not _OTHER_FIELDS.match(lines[position]):
        return False
    # HTML mails have each field in a paragraph of its own.
    below = [line for line in lines[position + 1 : position + 2 * _LONGEST_BLOCK] if line.strip()][:_LONGEST_BLOCK]
    if first:
        return sum(_OTHER_FIELDS.match(line) is not None for line in below) > 1
    run = [lines[position]]
    for line in below:
        if not (_FROM.match(line) or _OTHER_FIELDS.match(line)):
            break
        run.append(line)
    return len(run) > 2 and any(_FROM.match(line) for line in run)


def _next_filled(lines: Sequence[str], start: int) -> str:
    return next((line for line in lines[start : start + 3] if line.strip()), "")
