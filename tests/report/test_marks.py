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
