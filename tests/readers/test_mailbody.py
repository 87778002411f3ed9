"""What is cut from mails and what stays."""

import pytest

from empathy_scan.readers.htmltext import to_text
from empathy_scan.readers.mailbody import own_words

OWN = "The parcel is still not here.\n\nI am tired of waiting."
ATTRIBUTIONS = [
    "On Mon, 5 Oct 2026 at 10:12, Larkfield Support <help@larkfield.example> wrote:",
    "On Mon, 5 Oct 2026 at 10:12, Larkfield Support\n<help@larkfield.example>\nwrote:",
    "On Oct 5, 2026, at 10:12 AM, help@larkfield.example wrote:",
    "Am Mo., 5. Okt. 2026 um 10:12 Uhr schrieb Larkfield <\nhelp@larkfield.example>:",
    "Le lun. 5 oct. 2026 à 10:12, Larkfield <help@larkfield.example> a écrit :",
    "El lun, 5 oct 2026 a las 10:12, Larkfield (<help@larkfield.example>) escribió:",
    "Il giorno lun 5 ott 2026 alle ore 10:12 Larkfield <help@larkfield.example> ha scritto:",
    "Op ma 5 okt 2026 om 10:12 schreef Larkfield <help@larkfield.example>:",
    "Den mån 5 okt. 2026 10:12 Larkfield <help@larkfield.example> skrev:",
    "Em seg., 5 de out. de 2026 às 10:12, Larkfield <help@larkfield.example> escreveu:",
    "W dniu 5.10.2026 o 10:12, Larkfield pisze:",
    "2026-10-05 10:12 GMT+01:00 Larkfield <help@larkfield.example>:",
    "--- On Mon, 5/10/26, help@larkfield.example <help@larkfield.example> wrote:",
]
SEPARATORS = [
    "-----Original Message-----",
    "----- Original Message -----",
    "-----Ursprüngliche Nachricht-----",
    "---------- Forwarded message ---------",
    "Begin forwarded message:",
    "________________\nFrom: Larkfield <help@larkfield.example>\nSent: Monday\nTo: Jo\nSubject: Parcel\n",
    "*From:* Larkfield\n*Sent:* Monday, 5 October 2026 10:12\n*To:* Jo\n*Subject:* Parcel\n",
    "Von: Larkfield\nGesendet: Montag, 5. Oktober 2026 10:12\nAn: Jo\nBetreff: Paket\n",
    "De : Larkfield\nEnvoyé : lundi 5 octobre 2026 10:12\nÀ : Jo\nObjet : Colis\n",
    "Från: Larkfield\nSkickat: den 5 oktober 2026 10:12\nTill: Jo\nÄmne: Paket\n",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
@pytest.mark.parametrize("history", ["> Please wait.\n> It will come.\n", "Please wait.\n\nIt will come.\n"])
def test_history_is_cut_at_attributions_of_many_languages(attribution, history):
    assert own_words(f"{OWN}\n\n{attribution}\n\n{history}") == OWN


@pytest.mark.parametrize("separator", SEPARATORS)
def test_history_is_cut_at_separators_and_header_blocks(separator):
    assert own_words(f"{OWN}\n\n{separator}\n\nPlease wait.\n") == OWN


def test_answers_between_quoted_lines_are_kept():
    body = (
        "On Mon, 5 Oct 2026 at 10:12, Support <help@larkfield.example> wrote:\n> What is the number?\n\nLK-204418.\n\n"
        "> And when was it?\n\nLast Tuesday.\n"
    )
    assert own_words(body) == "LK-204418.\n\nLast Tuesday."


def test_an_answer_below_the_quote_is_kept():
    assert own_words("On 5/10/2026 10:12, Jo Fenn wrote:\n> Is it late?\nYes, it is.\n") == "Yes, it is."


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nJo Fenn\n12 Mill Lane",
        "Sent from my iPhone",
        "Get Outlook for Android",
        "Best regards,\nJo Fenn\nHead of Kettles\n020 7946 0011",
        "Kind regards\n\nJo Fenn",
        "Mit freundlichen Grüßen\nJo Fenn",
        "This e-mail and any attachments are confidential and intended solely for the addressee.\nDelete it.",
        "CONFIDENTIALITY NOTICE: not for you.\n\nReally not.",
        "Cordialement,\nJo",
    ],
)
def test_signatures_and_disclaimers_are_cut(signature):
    assert own_words(f"{OWN}\n\n{signature}\n") == OWN


def test_the_sentence_before_the_signature_stays():
    body = "I have posted the part.\n\nI am so sorry for the wait, Jo.\n\nKind regards,\nMaya\nLarkfield Repairs"
    assert own_words(body) == "I have posted the part.\n\nI am so sorry for the wait, Jo."


def test_thanks_stay_and_the_name_below_goes():
    assert own_words("It came today.\n\nThank you so much,\nJo Fenn") == "It came today.\n\nThank you so much,"


def test_words_after_thanks_that_are_no_name_stay():
    body = "Thanks\nbut when will the man come?"
    assert own_words(body) == body


def test_a_postscript_below_the_signature_stays():
    assert own_words(f"{OWN}\n\nRegards,\nJo\n\nPS: the lid is cracked too.").endswith("PS: the lid is cracked too.")


@pytest.mark.parametrize(
    "banner",
    [
        "CAUTION: This email originated from outside of the organisation. Do not click links.",
        "[EXTERNAL]",
        "You don't often get email from jo@example.org. Learn why this is important",
    ],
)
def test_banners_at_the_top_are_cut(banner):
    assert own_words(f"{banner}\n\n{OWN}") == OWN


@pytest.mark.parametrize(
    "body",
    [
        "On Monday I wrote: nobody answered.\nThen I called.",
        "From what I see: nothing has moved.\nIt is late.",
        "I rang at 10:30 and he wrote this: no.",
        "Warning signs are all over this company.",
        "All the best shops answer within a day.",
    ],
)
def test_ordinary_sentences_are_not_cut(body):
    assert own_words(body) == body


def test_a_mail_of_nothing_but_history_has_no_words():
    assert own_words("-----Original Message-----\nPlease wait.") == ""


def test_html_breaks_lines_at_blocks_only():
    body = "<p>The <b>parcel</b>\nis <i>late</i>.</p><div>I wait.<br>Still.</div>"
    html = f"<html><head><style>p{{}}</style></head><body>{body}</body></html>"
    assert to_text(html) == "The parcel is late.\n\nI wait.\nStill."


ATTRIBUTED = "On Mon, 5 Oct 2026 at 10:12, A &lt;a@b.example&gt; wrote:"
FIELDS = ("<b>From:</b> A", "<b>Sent:</b> Monday", "<b>To:</b> Jo", "<b>Subject:</b> Parcel")
QUOTES = "<blockquote>Please wait.<blockquote>No</blockquote></blockquote>"


@pytest.mark.parametrize(
    "history",
    [
        f'<div class="gmail_quote">{ATTRIBUTED}<br>{QUOTES}</div>',
        f'<div class="moz-cite-prefix">{ATTRIBUTED}<br></div>{QUOTES}',
        f'<div id="divRplyFwdMsg">{"<br>".join(FIELDS)}</div>Please wait.',
        f"<p>{'</p><p>'.join(FIELDS)}</p><p>Please wait.</p>",
        '<div class="yahoo_quoted">On Monday A wrote: Please wait.</div>',
        '<div class="gmail_signature">Jo Fenn</div>',
    ],
)
def test_history_in_html_is_cut(history):
    html = f"<html><body><p>The parcel is still not here.</p><p>I am tired of waiting.</p>{history}</body></html>"
    assert own_words(to_text(html)) == OWN


def test_answers_between_html_quotes_are_kept():
    answers = "<blockquote>Which?</blockquote><div>The blue one.</div><blockquote>When?</blockquote><div>Today.</div>"
    html = f'<div class="gmail_quote"><div>{ATTRIBUTED}</div>{answers}</div>'
    assert own_words(to_text(html)).split() == ["The", "blue", "one.", "Today."]


def test_deeply_nested_html_is_read():
    assert to_text("<div>" * 5000 + "deep" + "</div>" * 5000) == "deep"
