# ruff: noqa: E501 - lines as programs write them
"""Replies and forwards as many mail programs write them: the history goes, what the sender wrote stays."""

import pytest

from empathy_scan.readers.htmltext import to_text
from empathy_scan.readers.mailbody import own_words

OWN = "The parcel is still not here.\n\nI am tired of waiting."
OLD = "Please wait.\n\nIt will come.\n\nKind regards\nMaya"
QUOTED = "> Please wait.\n>\n> It will come."

ATTRIBUTIONS = {
    "gmail en": "On Mon, Oct 5, 2026 at 10:12 AM Maya Osei <maya@larkfield.example> wrote:",
    "gmail en narrow space": "On Mon, Oct 5, 2026 at 10:12\u202fAM Maya Osei <maya@larkfield.example> wrote:",
    "gmail en address wrapped": "On Mon, Oct 5, 2026 at 10:12 AM Larkfield Customer Support Team <\nmaya@larkfield.example> wrote:",
    "gmail de": "Am Mo., 5. Okt. 2026 um 10:12 Uhr schrieb Maya Osei <maya@larkfield.example>:",
    "gmail fr": "Le lun. 5 oct. 2026 à 10:12, Maya Osei <maya@larkfield.example> a écrit :",
    "gmail fr no-break space": "Le lun. 5 oct. 2026 à 10:12, Maya Osei <maya@larkfield.example> a écrit\xa0:",
    "gmail es": "El lun, 5 oct 2026 a las 10:12, Maya Osei (<maya@larkfield.example>) escribió:",
    "gmail it": "Il giorno lun 5 ott 2026 alle ore 10:12 Maya Osei <maya@larkfield.example> ha scritto:",
    "gmail nl": "Op ma 5 okt 2026 om 10:12 schreef Maya Osei <maya@larkfield.example>:",
    "gmail pt": "Em seg., 5 de out. de 2026 às 10:12, Maya Osei <maya@larkfield.example> escreveu:",
    "gmail pt-pt": "Maya Osei <maya@larkfield.example> escreveu (segunda, 5/10/2026 à(s) 10:12):",
    "gmail pl": "pon., 5 paź 2026 o 10:12 Maya Osei <maya@larkfield.example> napisał(a):",
    "gmail sv": "Den mån 5 okt. 2026 kl 10:12 skrev Maya Osei <maya@larkfield.example>:",
    "gmail da": "Den man. 5. okt. 2026 kl. 10.12 skrev Maya Osei <maya@larkfield.example>:",
    "gmail no": "man. 5. okt. 2026 kl. 10:12 skrev Maya Osei <maya@larkfield.example>:",
    "gmail fi": "ma 5. lokak. 2026 klo 10.12 Maya Osei (maya@larkfield.example) kirjoitti:",
    "gmail cs": "po 5. 10. 2026 v 10:12 odesílatel Maya Osei <maya@larkfield.example> napsal:",
    "gmail ru": "пн, 5 окт. 2026 г. в 10:12, Maya Osei <maya@larkfield.example>:",
    "gmail tr": "Maya Osei <maya@larkfield.example>, 5 Eki 2026 Pzt, 10:12 tarihinde şunu yazdı:",
    "gmail ja": "2026年10月5日(月) 10:12 Maya Osei <maya@larkfield.example>:",
    "gmail zh": "Maya Osei <maya@larkfield.example> 于2026年10月5日周一 10:12写道：",
    "gmail ko": "2026년 10월 5일 (월) 오전 10:12, Maya Osei <maya@larkfield.example>님이 작성:",
    "apple en": "On Oct 5, 2026, at 10:12\u202fAM, Maya Osei <maya@larkfield.example> wrote:",
    "apple en gb": "On 5 Oct 2026, at 10:12, Maya Osei <maya@larkfield.example> wrote:",
    "apple de": "Am 05.10.2026 um 10:12 schrieb Maya Osei <maya@larkfield.example>:",
    "apple fr": "Le 5 oct. 2026 à 10:12, Maya Osei <maya@larkfield.example> a écrit :",
    "apple es": "El 5 oct 2026, a las 10:12, Maya Osei <maya@larkfield.example> escribió:",
    "apple it": "Il giorno 5 ott 2026, alle ore 10:12, Maya Osei <maya@larkfield.example> ha scritto:",
    "apple nl": "Op 5 okt. 2026 om 10:12 heeft Maya Osei <maya@larkfield.example> het volgende geschreven:",
    "apple sv": "5 okt. 2026 kl. 10:12 skrev Maya Osei <maya@larkfield.example>:",
    "apple pt": "No dia 05/10/2026, às 10:12, Maya Osei <maya@larkfield.example> escreveu:",
    "apple pl": "Wiadomość napisana przez Maya Osei <maya@larkfield.example> w dniu 05.10.2026, o godz. 10:12:",
    "apple ja": "2026/10/05 10:12、Maya Osei <maya@larkfield.example>のメール:",
    "apple da": "Den 5. okt. 2026 kl. 10.12 skrev Maya Osei <maya@larkfield.example>:",
    "iphone de": "Am 05.10.2026 um 10:12 schrieb Maya Osei <maya@larkfield.example>:",
    "thunderbird en": "On 05/10/2026 10:12, Maya Osei wrote:",
    "thunderbird iso": "On 2026-10-05 10:12 AM, Maya Osei wrote:",
    "thunderbird de": "Am 05.10.26 um 10:12 schrieb Maya Osei:",
    "thunderbird fr": "Le 05/10/2026 à 10:12, Maya Osei a écrit :",
    "thunderbird es": "El 5/10/26 a las 10:12, Maya Osei escribió:",
    "thunderbird it": "Il 05/10/26 10:12, Maya Osei ha scritto:",
    "thunderbird nl": "Op 05-10-2026 om 10:12 schreef Maya Osei:",
    "thunderbird pl": "W dniu 5.10.2026 o 10:12, Maya Osei pisze:",
    "thunderbird sv": "Den 2026-10-05 kl. 10:12, skrev Maya Osei:",
    "thunderbird pt": "Em 05/10/2026 10:12, Maya Osei escreveu:",
    "thunderbird ja": "On 2026/10/05 10:12, Maya Osei wrote:",
    "yahoo en": "On Monday, October 5, 2026 at 10:12:31 AM GMT+1, Maya Osei <maya@larkfield.example> wrote:",
    "yahoo de": "Am Montag, 5. Oktober 2026 um 10:12:31 MESZ hat Maya Osei <maya@larkfield.example> Folgendes geschrieben:",
    "yahoo fr": "Le lundi 5 octobre 2026 à 10:12:31 UTC+2, Maya Osei <maya@larkfield.example> a écrit :",
    "yahoo es": "El lunes, 5 de octubre de 2026, 10:12:31 CEST, Maya Osei <maya@larkfield.example> escribió:",
    "yahoo it": "Il lunedì 5 ottobre 2026 alle ore 10:12:31 CEST, Maya Osei <maya@larkfield.example> ha scritto:",
    "yahoo mobile": "Yahoo Mail: Search, Organize, Conquer\n\nOn Mon, Oct 5, 2026 at 10:12 AM, Maya Osei<maya@larkfield.example> wrote:",
    "proton": "On Monday, October 5th, 2026 at 10:12 AM, Maya Osei <maya@larkfield.example> wrote:",
    "proton dashes": "------- Original Message -------\nOn Monday, October 5th, 2026 at 10:12 AM, Maya Osei <maya@larkfield.example> wrote:",
    "gmx": 'Gesendet: Montag, 05. Oktober 2026 um 10:12 Uhr\nVon: "Maya Osei" <maya@larkfield.example>\nAn: jo@example.org\nBetreff: Re: Paket',
    "mutt": "On Mon, Oct 05, 2026 at 10:12:31AM +0100, Maya Osei wrote:",
    "evolution": "On Mon, 2026-10-05 at 10:12 +0100, Maya Osei wrote:",
    "outlook mac": 'On 10/5/26, 10:12 AM, "Maya Osei" <maya@larkfield.example> wrote:',
    "outlook mac on behalf": 'On 10/5/26, 10:12 AM, "Larkfield on behalf of Maya Osei" <maya@larkfield.example> wrote:',
    "date first": '05.10.2026, 10:12, "Maya Osei" <maya@larkfield.example>:',
    "yandex": '05.10.2026, 10:12, "Maya Osei" <maya@larkfield.example>:',
    "windows live": "Date: Mon, 5 Oct 2026 10:12:31 +0100\nFrom: maya@larkfield.example\nTo: jo@example.org\nSubject: Parcel",
}  # fmt: skip

BLOCKS = {
    "outlook en": "From: Maya Osei <maya@larkfield.example>\nSent: Monday, October 5, 2026 10:12 AM\nTo: Jo Fenn <jo@example.org>\nSubject: RE: Parcel",
    "outlook en rule": "________________________________\nFrom: Maya Osei <maya@larkfield.example>\nSent: Monday, October 5, 2026 10:12 AM\nTo: Jo Fenn <jo@example.org>\nCc: Team <t@larkfield.example>\nSubject: RE: Parcel",
    "outlook en date": "From: Maya Osei <maya@larkfield.example>\nDate: Monday, 5 October 2026 at 10:12\nTo: Jo Fenn <jo@example.org>\nSubject: RE: Parcel",
    "outlook ios": "Get Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\nFrom: Maya Osei <maya@larkfield.example>\nSent: Monday, October 5, 2026 10:12:31 AM\nTo: Jo Fenn <jo@example.org>\nSubject: Parcel",
    "outlook android": "Sent from Outlook for Android<https://aka.ms/AAb9ysg>\n\n________________________________\nFrom: Maya Osei <maya@larkfield.example>\nSent: Monday, October 5, 2026 10:12:31 AM\nTo: Jo Fenn <jo@example.org>\nSubject: Parcel",
    "outlook de": "Von: Maya Osei <maya@larkfield.example>\nGesendet: Montag, 5. Oktober 2026 10:12\nAn: Jo Fenn <jo@example.org>\nBetreff: AW: Paket",
    "outlook de web": "________________________________\nVon: Maya Osei\nGesendet: Montag, 5. Oktober 2026 10:12:31\nAn: Jo Fenn\nBetreff: AW: Paket",
    "outlook fr": "De : Maya Osei <maya@larkfield.example>\nEnvoyé : lundi 5 octobre 2026 10:12\nÀ : Jo Fenn <jo@example.org>\nObjet : RE: Colis",
    "outlook fr date": "De : Maya Osei <maya@larkfield.example>\nDate : lundi, 5 octobre 2026 à 10:12\nÀ : Jo Fenn <jo@example.org>\nObjet : RE: Colis",
    "outlook es": "De: Maya Osei <maya@larkfield.example>\nEnviado el: lunes, 5 de octubre de 2026 10:12\nPara: Jo Fenn <jo@example.org>\nAsunto: RE: Paquete",
    "outlook it": "Da: Maya Osei <maya@larkfield.example>\nInviato: lunedì 5 ottobre 2026 10:12\nA: Jo Fenn <jo@example.org>\nOggetto: R: Pacco",
    "outlook nl": "Van: Maya Osei <maya@larkfield.example>\nVerzonden: maandag 5 oktober 2026 10:12\nAan: Jo Fenn <jo@example.org>\nOnderwerp: RE: Pakket",
    "outlook pt": "De: Maya Osei <maya@larkfield.example>\nEnviada em: segunda-feira, 5 de outubro de 2026 10:12\nPara: Jo Fenn <jo@example.org>\nAssunto: RES: Pacote",
    "outlook pl": "From: Maya Osei\nWysłano: poniedziałek, 5 października 2026 10:12\nDo: Jo Fenn\nTemat: RE: Paczka",
    "outlook pl od": "Od: Maya Osei <maya@larkfield.example>\nWysłane: poniedziałek, 5 października 2026 10:12\nDo: Jo Fenn <jo@example.org>\nTemat: RE: Paczka",
    "outlook sv": "Från: Maya Osei <maya@larkfield.example>\nSkickat: den 5 oktober 2026 10:12\nTill: Jo Fenn <jo@example.org>\nÄmne: SV: Paket",
    "outlook da": "Fra: Maya Osei <maya@larkfield.example>\nSendt: 5. oktober 2026 10:12\nTil: Jo Fenn <jo@example.org>\nEmne: SV: Pakke",
    "outlook no": "Fra: Maya Osei <maya@larkfield.example>\nSendt: mandag 5. oktober 2026 10:12\nTil: Jo Fenn <jo@example.org>\nEmne: SV: Pakke",
    "outlook fi": "Lähettäjä: Maya Osei <maya@larkfield.example>\nLähetetty: maanantai 5. lokakuuta 2026 10.12\nVastaanottaja: Jo Fenn\nAihe: VS: Paketti",
    "outlook cs": "Od: Maya Osei <maya@larkfield.example>\nOdesláno: pondělí 5. října 2026 10:12\nKomu: Jo Fenn\nPředmět: RE: Balík",
    "outlook ja": "差出人: Maya Osei <maya@larkfield.example>\n送信日時: 2026年10月5日 10:12\n宛先: Jo Fenn\n件名: RE: 荷物",
    "outlook zh": "发件人: Maya Osei <maya@larkfield.example>\n发送时间: 2026年10月5日 10:12\n收件人: Jo Fenn\n主题: 回复: 包裹",
    "outlook ru": "От: Maya Osei <maya@larkfield.example>\nОтправлено: 5 октября 2026 г. 10:12\nКому: Jo Fenn\nТема: RE: Посылка",
    "outlook bold": "*From:* Maya Osei <maya@larkfield.example>\n*Sent:* Monday, October 5, 2026 10:12 AM\n*To:* Jo Fenn <jo@example.org>\n*Subject:* RE: Parcel",
    "outlook bold de": "*Von:* Maya Osei <maya@larkfield.example>\n*Gesendet:* Montag, 5. Oktober 2026 10:12\n*An:* Jo Fenn <jo@example.org>\n*Betreff:* AW: Paket",
    "original": "-----Original Message-----\nFrom: Maya Osei [mailto:maya@larkfield.example]\nSent: 05 October 2026 10:12\nTo: Jo Fenn\nSubject: RE: Parcel",
    "original de": "-----Ursprüngliche Nachricht-----\nVon: Maya Osei\nGesendet: Montag, 5. Oktober 2026 10:12\nAn: Jo Fenn\nBetreff: Paket",
    "original fr": "-----Message d'origine-----\nDe : Maya Osei\nEnvoyé : lundi 5 octobre 2026\nÀ : Jo\nObjet : Colis",
    "original fr typographic": "-----Message d\u2019origine-----\nDe : Maya Osei\nEnvoyé : lundi 5 octobre 2026\nÀ : Jo\nObjet : Colis",
    "original es": "-----Mensaje original-----\nDe: Maya Osei\nEnviado el: lunes\nPara: Jo\nAsunto: Paquete",
    "original it": "-----Messaggio originale-----\nDa: Maya Osei\nInviato: lunedì\nA: Jo\nOggetto: Pacco",
    "original nl": "-----Oorspronkelijk bericht-----\nVan: Maya Osei\nVerzonden: maandag\nAan: Jo\nOnderwerp: Pakket",
    "original pt": "-----Mensagem original-----\nDe: Maya Osei\nEnviada em: segunda\nPara: Jo\nAssunto: Pacote",
    "original sv": "-----Ursprungligt meddelande-----\nFrån: Maya\nSkickat: måndag\nTill: Jo\nÄmne: Paket",
    "original da": "-----Oprindelig meddelelse-----\nFra: Maya\nSendt: mandag\nTil: Jo\nEmne: Pakke",
    "original pl": "-----Oryginalna wiadomość-----\nOd: Maya\nWysłano: poniedziałek\nDo: Jo\nTemat: Paczka",
    "gmail forward": "---------- Forwarded message ---------\nFrom: Maya Osei <maya@larkfield.example>\nDate: Mon, Oct 5, 2026 at 10:12 AM\nSubject: Parcel\nTo: Jo Fenn <jo@example.org>",
    "gmail forward de": "---------- Forwarded message ---------\nVon: Maya Osei <maya@larkfield.example>\nDate: Mo., 5. Okt. 2026 um 10:12 Uhr\nSubject: Paket\nTo: Jo",
    "thunderbird forward": "-------- Forwarded Message --------\nSubject: \tParcel\nDate: \tMon, 5 Oct 2026 10:12:31 +0100\nFrom: \tMaya Osei <maya@larkfield.example>\nTo: \tJo",
    "thunderbird forward de": "-------- Weitergeleitete Nachricht --------\nBetreff: \tPaket\nDatum: \tMon, 5 Oct 2026 10:12:31 +0100\nVon: \tMaya Osei\nAn: \tJo",
    "thunderbird forward fr": "-------- Message transféré --------\nSujet : \tColis\nDate : \tMon, 5 Oct 2026\nDe : \tMaya\nPour : \tJo",
    "thunderbird forward it": "-------- Messaggio Inoltrato --------\nOggetto: \tPacco\nData: \tMon, 5 Oct 2026\nMittente: \tMaya\nA: \tJo",
    "apple forward": "Begin forwarded message:\n\nFrom: Maya Osei <maya@larkfield.example>\nSubject: Parcel\nDate: October 5, 2026 at 10:12:31 AM GMT+1\nTo: jo@example.org",
    "apple forward de": "Anfang der weitergeleiteten Nachricht:\n\nVon: Maya Osei <maya@larkfield.example>\nBetreff: Paket\nDatum: 5. Oktober 2026",
    "apple forward fr": "Début du message transféré :\n\nDe: Maya Osei <maya@larkfield.example>\nObjet: Colis\nDate: 5 octobre 2026",
    "apple forward es": "Inicio del mensaje reenviado:\n\nDe: Maya Osei <maya@larkfield.example>\nAsunto: Paquete\nFecha: 5 de octubre",
    "apple forward it": "Inizio messaggio inoltrato:\n\nDa: Maya Osei <maya@larkfield.example>\nOggetto: Pacco\nData: 5 ottobre",
    "notes": "Maya Osei---05/10/2026 10:12:31---Please wait.\n\nFrom:\tMaya Osei/Larkfield\nTo:\tJo Fenn\nDate:\t05/10/2026 10:12\nSubject:\tParcel",
    "notes forwarded": "----- Forwarded by Jo Fenn/Example on 05/10/2026 10:12 -----",
    "samsung": "-------- Original message --------\nFrom: Maya Osei <maya@larkfield.example>\nDate: 05/10/2026 10:12 (GMT+00:00)\nTo: jo@example.org\nSubject: Parcel",
    "samsung de": "-------- Ursprüngliche Nachricht --------\nVon: Maya Osei <maya@larkfield.example>\nDatum: 05.10.26 10:12 (GMT+01:00)\nAn: jo@example.org\nBetreff: Paket",
    "zendesk": "##- Please type your reply above this line -##\n\nYour request (4711) has been updated.",
    "freshdesk": "--- Please reply above this line ---",
    "reply above": "---------- Reply above this line ----------",
    "jira": "Reply above this line.\n\nMaya Osei commented:",
    "salesforce": "--------------- Original Message ---------------\nFrom: Maya Osei [support@larkfield.example]\nSent: 10/5/2026 10:12 AM\nTo: jo@example.org\nSubject: Parcel [ ref:_00D20abc._50020def:ref ]",
    "aol": "-----Original Message-----\nFrom: Maya Osei <maya@larkfield.example>\nTo: jo@example.org\nSent: Mon, Oct 5, 2026 10:12 am\nSubject: Parcel",
    "hotmail rule": "________________________________________\nFrom: maya@larkfield.example\nTo: jo@example.org\nSubject: Parcel\nDate: Mon, 5 Oct 2026 10:12:31 +0000",
}  # fmt: skip


@pytest.mark.parametrize("attribution", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS)
def test_history_below_an_attribution_goes(attribution):
    assert own_words(f"{OWN}\n\n{attribution}\n\n{QUOTED}\n") == OWN
    assert own_words(f"{OWN}\n\n{attribution}\n\n{OLD}\n") == OWN


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_history_below_a_block_of_fields_or_a_line_goes(block):
    assert own_words(f"{OWN}\n\n{block}\n\n{OLD}\n") == OWN


@pytest.mark.parametrize(
    "line",
    [
        "Sent from my iPhone", "Sent from my iPad", "Sent from my Samsung Galaxy smartphone.",
        "Sent from Yahoo Mail on Android", "Sent from Mail for Windows", "Sent from Outlook for iOS",
        "Sent from Proton Mail for iOS", "Sent with Proton Mail secure email.", "Sent from Gmail Mobile",
        "Sent via the Samsung Galaxy S24, an AT&T 5G smartphone", "Sent from my T-Mobile 5G Device",
        "Sent from Samsung tablet.", "Get Outlook for iOS", "Get Outlook for Android<https://aka.ms/AAb9ysg>",
        "Von meinem iPhone gesendet", "Gesendet von meinem iPhone", "Von meinem Samsung Galaxy Smartphone gesendet.",
        "Gesendet mit der GMX Mail App", "Diese Nachricht wurde von meinem Android Mobiltelefon mit WEB.DE Mail gesendet.",
        "Outlook für Android herunterladen", "Envoyé de mon iPhone", "Envoyé depuis mon appareil Galaxy",
        "Télécharger Outlook pour iOS", "Enviado desde mi iPhone", "Enviado do meu iPhone", "Obtener Outlook para iOS",
        "Inviato da iPhone", "Inviato dal mio iPhone", "Verstuurd vanaf mijn iPhone", "Verzonden vanaf mijn iPhone",
        "Skickat från min iPhone", "Sendt fra min iPhone", "Wysłane z iPhone'a", "Lähetetty iPhonesta",
        "iPhoneから送信", "发自我的iPhone", "Отправлено с iPhone", "Enviado desde Yahoo Mail para Android",
        "Sent from a mobile device. Please excuse brevity and typos.",
    ],
)  # fmt: skip
def test_lines_of_telephones_and_programs_go(line):
    assert own_words(f"{OWN}\n\n{line}\n") == OWN
    assert (
        own_words(f"{OWN}\n\n{line}\n\nOn 5 Oct 2026, at 10:12, Maya <m@larkfield.example> wrote:\n\n{QUOTED}") == OWN
    )


def test_the_notice_of_a_help_desk_that_carries_the_agents_words_is_stripped_to_them():
    body = (
        "##- Please type your reply above this line -##\n\nYour request (4711) has been updated. To add additional "
        "comments, reply to this email.\n\n----------------------------------------------\n\n"
        "Maya Osei, Oct 5, 2026, 10:12 GMT+1\n\nHi Jo,\n\nI am sorry that it is late.\n\n"
        "----------------------------------------------\n\nJo Fenn, Oct 5, 2026, 09:00 GMT+1\n\nWhere is it?\n"
    )
    assert own_words(body) == "Hi Jo,\n\nI am sorry that it is late."


def test_marks_of_salesforce_threads_go():
    assert own_words(f"{OWN}\n\nref:_00D20abc._50020def:ref") == OWN
    assert own_words(f"{OWN}\n\nthread::AbCdEfGhIjK::") == OWN


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("> What is the number?\nLK-204418.\n> And when?\nTuesday.", "LK-204418.\nTuesday."),
        ("Hello Maya,\n\nOn 5 Oct 2026, at 10:12, Maya <m@l.example> wrote:\n> Which one?\n\nThe blue one.\n\n> When?\n\nToday.\n\nJo",
         "Hello Maya,\n\nThe blue one.\n\nToday.\n\nJo"),
        ("My answers are in red below.\n\nFrom: Maya <m@l.example>\nSent: Monday\nTo: Jo\nSubject: Parcel\n\nWhich?",
         "My answers are in red below."),
        ("On 5 Oct 2026, at 10:12, Maya <m@l.example> wrote:\n\n\ufeff> Which one?\n> > None?\n\nThe blue one.", "The blue one."),
    ],
)  # fmt: skip
def test_answers_between_quotes_stay(body, expected):
    assert own_words(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "I got this from you: nothing.\nTo: be honest I am cross.",
        "From: the beginning it was wrong.\nAnd it still is.",
        "On 5 Oct 2026 I called, and Maya wrote:\nnothing at all. That is what I call service.",
        "I had written in January, and the shop wrote: no refund.",
        "The label on the box says:\n\nDe : Lyon\n\nand that is not us.",
        "Sent from the depot on Monday, it never arrived here.",
        "Envoyé par la poste lundi, le colis est perdu.",
        "Regards to your team, they were lovely.\nStill, the parcel is late.",
        "Notice how nobody answers? I do.",
        "Attention: you have charged me twice and nobody answers.",
        "Warning: I will cancel if the parcel is not here on Friday.",
        "The driver left it outside, please check the camera.",
        "The message said -- and I quote -- never.\nIt is late.",
        "This message is to say that I want my money back.",
        "It costs < 5 pounds\n> 5 is too much",
    ],
)
def test_what_only_looks_like_history_stays(body):
    assert own_words(body).splitlines()[0] == body.splitlines()[0]


@pytest.mark.parametrize(
    "closing",
    [
        "Kind regards,\n\nMaya Osei\nCustomer Care Specialist\nLarkfield Ltd | 12 Mill Lane | Leeds\nT: +44 20 7946 0011 | E: maya@larkfield.example\nwww.larkfield.example",
        "Best,\nMaya", "Warm regards,\nMaya", "Many thanks and kind regards,\nMaya Osei", "Yours sincerely\n\nMaya Osei",
        "Freundliche Grüße\n\nMaya Osei\nKundenservice", "Viele Grüße aus Köln\nMaya", "Bien cordialement,\n\nMaya Osei",
        "Un saludo,\nMaya", "Cordiali saluti\nMaya", "Met vriendelijke groet,\n\nMaya", "Med vänlig hälsning\nMaya",
        "Venlig hilsen\nMaya", "Z poważaniem\nMaya", "Mit freundlichem Gruß\nMaya", "Liebe Grüße\nMaya", "Thanks & regards\nMaya",
        "Regards,\n\nMaya Osei\n\n[cid:image001.png@01D9]\n\nFollow us on Facebook | Twitter",
        "-- \nMaya Osei", "--\xa0\nMaya Osei", "__\nMaya Osei",
        "This email and any files transmitted with it are confidential and intended solely for the use of the individual to whom they are addressed.",
        "The information in this email is confidential and may be legally privileged.",
        "IMPORTANT NOTICE: This communication may contain privileged information.",
        "Larkfield Ltd is registered in England and Wales, number 01234567. Registered office: 12 Mill Lane.",
        "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind, löschen Sie sie.",
        "Virus-free. www.avast.com", "This email has been scanned for viruses by Larkfield.",
    ],
)  # fmt: skip
def test_signatures_and_legal_text_go(closing):
    assert own_words(f"{OWN}\n\n{closing}\n") == OWN


@pytest.mark.parametrize(
    "banner",
    [
        "CAUTION: This email originated from outside of the organization. Do not click links or open attachments unless you recognize the sender.",
        "EXTERNAL EMAIL: Do not click any links or open attachments unless you trust the sender.",
        "[EXTERNAL EMAIL] DO NOT CLICK links unless you recognize the sender and know the content is safe.",
        "This message was sent from outside the company. Please do not click links.",
        "You don't often get email from jo@example.org. Learn why this is important<https://aka.ms/LearnAboutSenderIdentification>",
        "[You don't often get email from jo@example.org. Learn why this is important at https://aka.ms/LearnAboutSenderIdentification ]",
        "ACHTUNG: Diese E-Mail kommt von außerhalb der Organisation. Klicken Sie nicht auf Links.",
        "ATTENTION : ce message provient de l'extérieur de l'organisation. Ne cliquez pas sur les liens.",
        "ZjQcmQRYFpfptBannerStart\nThis Message Is From an External Sender\nThis message came from outside your organization.\nZjQcmQRYFpfptBannerEnd",
        "External Email\n", "*** EXTERNAL ***",
    ],
)  # fmt: skip
def test_banners_go(banner):
    assert own_words(f"{banner}\n\n{OWN}") == OWN


PAGE = '<html><head><style>p{{color:red}}</style></head><body>{}<img src="https://t.example/o.gif" width="1" height="1"></body></html>'
OWN_HTML = "<p>The parcel is still not here.</p><p>I am tired of waiting.</p>"
FIELDS = "<b>From:</b> Maya Osei &lt;maya@larkfield.example&gt;<br><b>Sent:</b> Monday, October 5, 2026 10:12 AM<br><b>To:</b> Jo<br><b>Subject:</b> RE: Parcel"
HTML_HISTORY = {
    "outlook web": f'<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font>{FIELDS}</font><div>&nbsp;</div></div><div><p>Please wait.</p></div>',
    "outlook web bare": '<div id="appendonsend"></div><hr><div>Please wait.</div>',
    "outlook desktop": f'<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"><p class="MsoNormal">{FIELDS}</p></div><p class="MsoNormal">Please wait.</p>',
    "outlook desktop de": '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p class="MsoNormal"><b>Von:</b> Maya<br><b>Gesendet:</b> Montag<br><b>An:</b> Jo<br><b>Betreff:</b> AW: Paket</p></div></div><p>Please wait.</p>',
    "outlook ios": f'<div id="ms-outlook-mobile-signature">Get <a href="https://aka.ms/o0ukef">Outlook for iOS</a></div><div id="mail-editor-reference-message-container"><hr><div>{FIELDS}</div><p>Please wait.</p></div>',
    "gmail": '<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Mon, Oct 5, 2026 at 10:12 AM Maya &lt;<a href="mailto:m@l.example">m@l.example</a>&gt; wrote:<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex">Please wait.</blockquote></div>',
    "gmail forward": '<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">---------- Forwarded message ---------<br>From: <strong>Maya</strong><br>Date: Mon<br>Subject: Parcel<br>To: Jo<br></div>Please wait.</div>',
    "apple": '<div><br><blockquote type="cite"><div>On 5 Oct 2026, at 10:12, Maya &lt;m@l.example&gt; wrote:</div><br><div>Please wait.</div></blockquote></div>',
    "thunderbird": '<div class="moz-cite-prefix">On 05/10/2026 10:12, Maya wrote:<br></div><blockquote type="cite" cite="mid:a@b"><p>Please wait.</p></blockquote>',
    "thunderbird forward": '<div class="moz-forward-container"><br>-------- Forwarded Message --------<table class="moz-email-headers-table"><tr><th>Subject: </th><td>Parcel</td></tr><tr><th>Date: </th><td>Mon</td></tr><tr><th>From: </th><td>Maya</td></tr></table><p>Please wait.</p></div>',
    "yahoo": '<div id="ydp1yahoo_quoted_1" class="ydp1yahoo_quoted"><div>On Monday, October 5, 2026 at 10:12:31 AM GMT+1, Maya &lt;m@l.example&gt; wrote:</div><div>Please wait.</div></div>',
    "proton": '<div class="protonmail_quote">On Monday, October 5th, 2026 at 10:12 AM, Maya &lt;m@l.example&gt; wrote:<br><br><blockquote class="protonmail_quote" type="cite">Please wait.</blockquote></div>',
    "proton signature": '<div class="protonmail_signature_block">Sent with <a>Proton Mail</a> secure email.</div>',
    "zimbra": '<hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>From: </b>"Maya"<br><b>To: </b>"Jo"<br><b>Sent: </b>Monday<br><b>Subject: </b>Parcel<br></div><div data-marker="__QUOTED_TEXT__">Please wait.</div>',
    "gmx": '<div name="quote" style="margin:10px 5px 5px 10px; border-left:2px solid #C3D9E5;"><div><b>Gesendet:</b> Montag, 05. Oktober 2026 um 10:12 Uhr<br><b>Von:</b> Maya<br><b>An:</b> jo@example.org<br><b>Betreff:</b> Paket</div><div name="quoted-content">Please wait.</div></div>',
    "front": '<blockquote type="cite" class="front-blockquote">Please wait.</blockquote>',
    "freshdesk": '<div class="freshdesk_quote"><blockquote class="freshdesk_quote">On Mon, 5 Oct at 10:12 AM , Maya &lt;m@l.example&gt; wrote:<br>Please wait.</blockquote></div>',
    "mobile": '<div id="AppleMailSignature">Sent from my iPhone</div>',
    "hidden": '<div style="display:none;max-height:0">Your request is open &#847;&zwnj;</div>',
}  # fmt: skip


@pytest.mark.parametrize("history", HTML_HISTORY.values(), ids=HTML_HISTORY)
def test_history_in_html_goes(history):
    assert own_words(to_text(PAGE.format(OWN_HTML + history))) == OWN


def test_cells_of_a_table_are_words_apart():
    html = PAGE.format("<table><tr><td>Order</td><td>4711</td></tr><tr><td>Colour</td><td>Blue</td></tr></table>")
    assert to_text(html) == "Order 4711\n\nColour Blue"
