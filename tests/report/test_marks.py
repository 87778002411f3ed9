"""Marked words: pieces joined give the text back, and marks that overlap are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empathy_scan.report import marks, words

LABELS = ["scripted", "acknowledges", "S", "guarded", "1", "unheard-of"]
SPAN = st.fixed_dictionaries({
    "label": st.sampled_from(LABELS),
    "start": st.integers(0, 60),
    "end": st.integers(0, 60),
    "weight": st.floats(0, 1),
})  # fmt: skip


def span(label, start, end, weight=1.0):
    return {"label": label, "start": start, "end": end, "weight": weight}


def cut(text, spans, labels, role="agent"):
    return marks.pieces(text, spans, labels, role=role, window=(0, len(text)))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), st.lists(SPAN, max_size=6))
def test_pieces_joined_give_the_text_back(text, spans):
    pieces = cut(text, spans, ["scripted", "acknowledges", "guarded"])
    assert "".join(piece.text for piece in pieces) == words.shown(text)


def test_the_stronger_of_two_overlapping_marks_gives_the_colour_and_the_title_names_both():
    pieces = cut(
        "so sorry, three weeks", [span("scripted", 0, 8), span("acknowledges", 3, 8, 0.3)], ["scripted", "acknowledges"]
    )
    assert [(piece.text, piece.kind) for piece in pieces] == [
        ("so ", "scripted"),
        ("sorry", "scripted"),
        (", three weeks", ""),
    ]
    assert pieces[1].title == "counted for: stock phrase and shows understanding"


def test_marks_of_labels_that_the_turn_does_not_carry_are_left_out():
    assert [piece.kind for piece in cut("so sorry", [span("scripted", 0, 8)], ["owns"])] == [""]


def test_neighbouring_marked_words_make_one_mark():
    pieces = cut("I do apologise", [span("scripted", 2, 4), span("scripted", 5, 14)], ["scripted"])
    assert [(piece.text, piece.kind) for piece in pieces] == [("I ", ""), ("do apologise", "scripted")]


@pytest.mark.parametrize(
    ("label", "role", "kind"),
    [
        ("S", "agent", "scripted"),
        ("1", "agent", "guarded"),
        ("strained", "customer", "upset"),
        ("2", "customer", "hostile"),
    ],
)
def test_evidence_may_name_labels_by_code(label, role, kind):
    assert cut("again", [span(label, 0, 5)], ["scripted", "guarded", "upset", "hostile"], role=role)[0].kind == kind


def test_a_cut_text_shows_that_it_was_cut():
    pieces = marks.pieces("one two three", [], [], role="agent", window=(4, 7))
    assert [piece.text for piece in pieces] == ["… two …"] or "".join(piece.text for piece in pieces) == "… two …"


@pytest.mark.parametrize(
    ("turn", "names"),
    [
        ({"role": "agent", "flags": "SAO", "tone": 1, "kinds": ""}, ["scripted", "acknowledges", "owns", "guarded"]),
        ({"role": "customer", "flags": "", "tone": 2, "kinds": "ic"}, ["hostile", "insult", "contempt"]),
        ({"role": "customer", "flags": "", "tone": 1, "kinds": ""}, ["upset"]),
        ({"role": "system", "flags": None, "tone": None, "kinds": None}, []),
    ],
)
def test_a_turn_carries_its_labels_by_name(turn, names):
    assert marks.carried(turn) == names


def piece_of(pieces, text):
    return next(piece for piece in pieces if piece.text == text)


def test_a_house_phrase_is_framed_whatever_else_is_marked_in_it():
    text = "I am so sorry. I ring at noon."
    house = [marks.House(0, 14, "said by 6 agents")]
    pieces = marks.pieces(text, [span("scripted", 5, 13)], ["scripted"], role="agent", window=(0, 30), house=house)
    assert [(piece.text, piece.kind, bool(piece.house)) for piece in pieces] == [
        ("I am ", "", True),
        ("so sorry", "scripted", True),
        (".", "", True),
        (" I ring at noon.", "", False),
    ]


def test_the_first_mark_of_each_label_gets_an_id_that_its_chip_leads_to():
    spans = [span("hostile", 0, 3), span("insult", 8, 14), span("hostile", 8, 14, 0.5)]
    labels = ["hostile", "insult", "contempt"]
    pieces, ids = marks.anchored(
        marks.pieces("you are clowns", spans, labels, role="customer", window=(0, 14)), labels, "t4"
    )
    assert ids == {"hostile": "t4-hostile", "insult": "t4-insult"}
    assert piece_of(pieces, "you").anchor == "t4-hostile"
    assert piece_of(pieces, "clowns").anchor == "t4-insult"
    chips = [marks.Chip("hostile", label, "", "") for label in (*labels, "unsure")]
    assert [chip.anchor for chip in marks.linked(chips, labels, ids)] == ["t4-hostile", "t4-insult", "", ""]


TURN = {
    "role": "customer", "text": "you are clowns", "flags": "", "tone": 2, "kinds": "i", "p_civil": 0.05,
    "p_strained": 0.35, "p_hostile": 0.6, "p_insult": 0.9, "p_threat": 0.3, "p_profanity": 0.01, "p_contempt": 0.1,
    "evidence": [span("hostile", 8, 14), span("hostile", 0, 3, 0.5)],
    "deletions": [{"label": "hostile", "p": 0.6, "without": 0.125}],
}  # fmt: skip


def test_a_reason_quotes_the_words_and_says_what_is_left_without_them():
    hostile, insult = marks.reasons(TURN, {"hostile": "t4-hostile"})
    assert (hostile.chance, hostile.quotes, hostile.anchor) == ("60%", ("you", "clowns"), "t4-hostile")
    assert hostile.check == "60% with these words, 13% without them"
    assert (insult.chance, insult.check) == ("90%", "no single words stand out: the message as a whole counted")


@pytest.mark.parametrize(
    ("deletions", "check"),
    [
        (
            [{"label": "hostile", "p": 0.6, "without": 0.58}],
            "60% with these words, 58% without them: they alone do not",
        ),
        (
            [{"label": "hostile", "p": p, "without": 0.1} for p in (0.2, 0.6)],
            "60% with these words, 10% without them, in",
        ),
        (None, "not tried without these words"),
    ],
)
def test_a_check_that_failed_or_was_not_made_is_said(deletions, check):
    assert marks.reasons({**TURN, "deletions": deletions}, {})[0].check.startswith(check)


def test_labels_that_were_close_but_not_given_are_told():
    calm = {**TURN, "tone": 0, "kinds": "", "p_strained": 0.3, "p_hostile": 0.1}
    assert marks.weighed(calm) == ("upset 40%",)
    assert marks.weighed(TURN) == ()
    assert marks.weighed({**TURN, "p_civil": None}) == ()
