"""Other languages are set aside or left out with a reason; English is never, however short, noisy or misspelt."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empathy_scan import language
from empathy_scan.errors import ConfigError
from empathy_scan.tables import TURNS

ENGLISH = (
    ("customer", "My parcel is lost and nobody will tell me why."),
    ("agent", "I am sorry, that is not what you should have to hear."),
)
GERMAN = (
    ("customer", "Guten Tag, mein Paket ist immer noch nicht angekommen."),
    ("agent", "Das tut mir sehr leid, ich schaue sofort für Sie nach."),
)


def frame(*turns, conversation="c1"):
    rows = [
        {
            "conversation_id": conversation, "channel": "chat", "turn": number, "role": role, "role_source": "label",
            "speaker": "Noor" if role == "agent" else None, "agent_id": "noor" if role == "agent" else None,
            "text": text, "source": "a.txt", "format": "text",
        }
        for number, (role, text) in enumerate(turns)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=dict(TURNS.columns))


def outcome(turns, languages=("en",)):
    heard = language.listen(turns, languages)
    kept, wholly = language.set_aside(turns, heard, languages)
    kept, one_sided = language.leave_out(kept, heard, languages)
    return kept, pl.concat([wholly, one_sided]), heard


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("German", *(text for _, text in GERMAN)),
        ("French", "Bonjour, je n'ai toujours pas reçu ma commande.", "Je suis désolée, je regarde tout de suite."),
        ("Spanish", "Buenos días, llevo dos horas sin conexión.", "Lamento mucho las molestias, voy a revisarlo."),
        ("Portuguese", "Boa tarde, cobraram duas vezes no meu cartão.", "Pode me informar o número do seu pedido?"),
        ("Italian", "Buongiorno, la caldaia non funziona da ieri sera.", "Mi dispiace, controllo subito la pratica."),
        ("Dutch", "Goedemiddag, mijn bestelling is nog niet binnen.", "Wat vervelend, ik ga het meteen nakijken."),
        ("Polish", "Dzień dobry, moja paczka jeszcze nie dotarła.", "Bardzo mi przykro, zaraz to sprawdzę dla pani."),
        ("Russian", "Здравствуйте, мой заказ так и не привезли.", "Мне очень жаль, сейчас всё проверю."),
    ],
)
def test_a_conversation_in_another_language_is_a_reject_that_names_it(name, one, other):
    kept, rejects, _ = outcome(frame(("customer", one), ("agent", other)))
    assert kept.is_empty()
    assert rejects["reason"].to_list() == [f"not in English: it looks like {name}"]
    assert "--language" in rejects["remedy"][0]


@pytest.mark.parametrize(
    "texts",
    [
        ("ok thx", "np"),
        ("[NAME]", "4711-AX [PHONE]"),
        ("Hans Müller, Königstraße, Düsseldorf", "Thank you."),
        ("wher is my parsel its nt here yet u said tusday", "lemme chk 4 u"),
        ("uh yeah so um it it's the the box thing", "right mhm okay"),
        ("👍👍", "!!!"),
    ],
)
def test_short_and_noisy_english_stays(texts):
    turns = frame(("customer", texts[0]), ("agent", texts[1]))
    kept, rejects, heard = outcome(turns)
    assert kept.equals(turns)
    assert rejects.is_empty()
    assert heard.foreign.is_empty()


def test_what_is_too_short_to_tell_is_counted():
    assert outcome(frame(("customer", "ok thx"), ("agent", "np")))[2].assumed == 1
    assert outcome(frame(*ENGLISH))[2].assumed == 0


def test_a_mixed_conversation_keeps_its_english_turns_and_says_so():
    turns = frame(*ENGLISH, GERMAN[0], *ENGLISH)
    kept, rejects, _ = outcome(turns)
    left_out = kept.row(2, named=True)
    assert kept["role"].to_list() == ["customer", "agent", "system", "customer", "agent"]
    assert left_out["role_source"] == "left out: not in English but in what looks like German"
    assert kept.filter(turn=2).equals(turns.filter(turn=2)) is False
    assert rejects.is_empty()
    assert language.mixed(kept) == 1
    assert language.mixed(turns) == 0


def test_an_agents_turn_that_is_left_out_names_nobody():
    kept, _, _ = outcome(frame(*ENGLISH, *ENGLISH, GERMAN[1]))
    assert kept.filter(turn=4).select("role", "agent_id", "speaker").row(0) == ("system", None, None)


def test_a_short_turn_goes_the_way_of_its_speaker():
    kept, _, _ = outcome(frame(*ENGLISH, ("unknown", GERMAN[0][1]), ("unknown", "Danke"), *ENGLISH))
    assert kept["role"].to_list()[2:4] == ["system", "system"]


def test_a_conversation_with_one_side_in_another_language_is_a_reject():
    kept, rejects, _ = outcome(frame(GERMAN[0], ENGLISH[1], ENGLISH[1], ENGLISH[1]))
    assert kept.is_empty()
    assert rejects["reason"].to_list() == ["no turn of the customer is in English: they look like German"]


def test_system_turns_are_not_listened_to():
    turns = frame(*ENGLISH, ("system", GERMAN[0][1] * 10))
    assert outcome(turns)[0].equals(turns)


@pytest.mark.parametrize("languages", [("any",), ("en", "de"), ("de", "en")])
def test_languages_that_are_wanted_are_kept(languages):
    turns = frame(*GERMAN)
    kept, rejects, _ = outcome(turns, languages)
    assert kept.equals(turns)
    assert rejects.is_empty()


def test_english_is_set_aside_where_it_is_not_wanted():
    assert outcome(frame(*ENGLISH), ("de",))[1]["reason"].to_list() == ["not in German: it looks like English"]


@pytest.mark.parametrize("languages", [(), ("English",), ("en", "d")])
def test_a_language_that_is_none_is_named(languages):
    with pytest.raises(ConfigError, match="no language") as caught:
        language.listen(frame(*ENGLISH), languages)
    assert caught.value.remedy


def test_no_turns_are_no_fault():
    assert outcome(TURNS.empty())[0].is_empty()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["customer", "agent", "unknown"]), st.text(max_size=40)), min_size=1))
def test_no_turn_is_lost(given_turns):
    turns = frame(*given_turns)
    kept, rejects, _ = outcome(turns)
    assert kept.height == turns.height or rejects.height == 1
