"""Two labellings compared: every figure against one worked out by hand, or by the code that makes reports."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from empathy_scan import summary
from empathy_scan.config import SummaryConfig
from empathy_scan.moves import CHANCES, COMPARED, MEASURES, Tally
from empathy_scan.tables import LABELS, conform

SOME = SummaryConfig(minimum_conversations=2, resamples=20)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def labels(talks):
    """LABELS of conversations: a text of turns such as `c2i a0AO`: role, tone and codes."""
    rows = []
    for number, talk in enumerate(talks):
        for turn, word in enumerate(talk.split()):
            agent = word[0] == "a"
            rows.append(
                {
                    "conversation_id": f"t{number:02}", "channel": "call", "queue": None,
                    "started_at": NOON + timedelta(hours=number), "turn": turn,
                    "role": "agent" if agent else "customer",
                    "agent_id": ("noor", "tom")[number % 2] if agent else None, "flags": word[2:] if agent else "",
                    "tone": int(word[1]), "kinds": "" if agent else word[2:], "hardship": False, "p_hostile": 0.5,
                }
            )  # fmt: skip
    return conform(pl.DataFrame(rows, schema=dict(LABELS.columns)), LABELS)


OLD = labels(["c2i a0S", "c1 a0A", "c1 a0S c0 a0", "c0 a1", "c2c a0AO", "c1 a0"])
NEW = labels(["c2i a0A", "c1 a0A", "c1 a0S c0 a0", "c0 a0", "c1 a0AO", "c1 a0A"])


def tallied(*parts, examples=False):
    tally = Tally()
    for old, new in parts:
        tally.add_labels(old, new)
        tally.add_figures(old, new, old["conversation_id"].unique())
        if examples:
            tally.add_examples(old, new, chances(old, 0.25), chances(new, 0.75))
    return tally.comparison(SOME)


def chances(labels, value):
    return labels.select("conversation_id", "turn").with_columns(segment=pl.lit(0)).with_columns(
        pl.lit(value).alias(name) for name in CHANCES
    )  # fmt: skip


def of(comparison, label):
    return next(each for each in comparison.agreements if each.label == label)


def test_turns_are_counted_by_what_they_were_and_what_they_became():
    found = tallied((OLD, NEW))
    assert (found.conversations, found.turns) == (6, 14)
    # care: stock to understanding, understanding stays (2), stock stays, plain stays, guarded plain stays, plain to it
    assert of(found, "care").table == ((2, 0, 0), (1, 1, 0), (1, 0, 2))
    assert of(found, "customer_tone").table == ((2, 0, 0), (0, 3, 0), (0, 1, 1))
    assert of(found, "agent_tone").table == ((6, 0, 0), (1, 0, 0), (0, 0, 0))
    assert of(found, "acknowledges").table == ((3, 2), (0, 2))
    assert of(found, "contempt").table == ((6, 0), (1, 0))
    assert set(COMPARED) == {each.label for each in found.agreements}


def test_a_label_has_a_share_agreed_and_a_kappa_or_a_reason():
    found = tallied((OLD, NEW))
    care = of(found, "care")
    assert care.agreed.value == pytest.approx(5 / 7)
    assert care.kappa.value == pytest.approx((5 / 7 - (2 * 4 + 2 * 1 + 3 * 2) / 49) / (1 - (8 + 2 + 6) / 49))
    assert of(found, "threat").agreed.value == 1
    assert of(found, "threat").why_no_kappa == "neither model gives it"
    assert of(found, "contempt").why_no_kappa.startswith("too few conversations in which either model gives it (1 of 2")
    few = tallied((OLD.filter(conversation_id="t00"), NEW.filter(conversation_id="t00")))
    assert of(few, "care").why == "not enough conversations yet (1 of 2 needed)"


def test_turns_that_nothing_scored_do_not_count():
    silent = pl.when(pl.col("turn") == 0).then(None).otherwise(pl.col("p_hostile")).alias("p_hostile")
    assert tallied((OLD.with_columns(silent), NEW)).turns == 8


@pytest.mark.parametrize("scope", ["team", "agent"])
def test_figures_are_those_of_reports(scope):
    found = {(each.agent_id, each.measure): each for each in tallied((OLD, NEW)).moves if each.scope == scope}
    sides = [
        {
            (row["agent_id"], row["measure"]): row
            for row in summary.figures(given, SOME).to_dicts()
            if row["scope"] == scope
        }
        for given in (OLD, NEW)
    ]
    for key, each in found.items():
        assert (each.n_old, each.n_new) == (sides[0][key]["n"], sides[1][key]["n"])
        if each.shift is not None:
            expected = [side[key]["value"] for side in sides]
            assert [each.scale * each.shift.old, each.scale * each.shift.new] == pytest.approx(expected)
        else:
            assert None in {side[key]["value"] for side in sides}
    assert {measure for _, measure in found} <= set(MEASURES)


def test_the_shift_of_a_figure_is_worked_out_by_hand():
    rate = next(each for each in tallied((OLD, NEW)).of("team") if each.measure == "empathy_rate")
    assert (rate.n_old, rate.n_new, rate.conversations) == (5, 5, 5)
    assert (rate.shift.old, rate.shift.new) == pytest.approx((2 / 5, 4 / 5))
    assert rate.shift.shift.low <= 2 / 5 <= rate.shift.shift.high
    assert not rate.believed, "two conversations have moved"


def test_parts_of_history_give_what_the_whole_gives():
    parts = [
        tuple(side.filter(pl.col("conversation_id").is_in(names)) for side in (OLD, NEW))
        for names in (["t00", "t01", "t02"], ["t03"], ["t04", "t05"])
    ]
    whole, parted = tallied((OLD, NEW), examples=True), tallied(*parts, examples=True)
    assert parted.agreements == whole.agreements
    assert parted.examples == whole.examples
    alone = {"carry_over_tone", "carry_over_empathy", "late_against_early"}  # what is made of neighbours too
    assert [m for m in parted.moves if m.measure not in alone] == [m for m in whole.moves if m.measure not in alone]


def test_neighbours_are_seen_but_not_counted():
    tally = Tally()
    for name in sorted(set(OLD["conversation_id"])):
        tally.add_figures(OLD, NEW, pl.Series([name]))
    assert tally.comparison(SOME).moves == tallied((OLD, NEW)).moves


def test_the_turns_that_moved_farthest_are_shown():
    found = tallied((OLD, NEW), examples=True).examples
    shown = [(each.label, each.conversation_id, each.turn, each.old, each.new) for each in found]
    assert ("contempt", "t04", 0, "yes", "no") in shown
    assert ("agent_tone", "t03", 1, "guarded", "civil") in shown
    assert {(each.p_old, each.p_new) for each in found if each.label == "contempt"} == {(0.25, 0.75)}


def test_the_same_labels_move_nothing():
    found = tallied((OLD, OLD), examples=True)
    assert not found.examples
    assert not any(each.believed for each in found.moves)
    assert all(each.agreed is None or each.agreed.value == 1 for each in found.agreements)
