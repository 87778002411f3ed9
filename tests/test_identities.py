"""What customers are known by: the same however it is written, and only with the key."""

import polars as pl
import pytest

from empathy_scan import identities
from empathy_scan.tables import TURNS
from test_store import filled


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("jo@example.com", "JO@Example.com"),
        ("jo@example.com", "Jo Marsh <jo@example.com>"),
        ("jo@example.com", "mailto:jo@example.com"),
        ("+44 7700 900123", "07700 900123"),
        ("+44 (0)20 7946 0958", "020-7946-0958"),
        ("tel:+447700900123", "0044 7700 900123"),
        ("Jo Marsh", " jo  marsh"),
        ("Marsh, Jo", "Jo Marsh"),
        ("CUST-0042", "cust-0042"),
        ("4711000815", "4711000815"),
    ],
)
def test_one_customer_written_in_two_ways_is_one(one, other):
    assert identities.normal(one) & identities.normal(other)


@pytest.mark.parametrize("label", ["", "Customer", "caller", "Speaker 1", "spk_0", "12", "A", "ch_1", "?"])
def test_a_label_of_a_role_or_a_number_is_nobody(label):
    assert identities.normal(label) == set()


def test_another_key_gives_another_hash():
    assert identities.digest("a", "label", "jo marsh") != identities.digest("b", "label", "jo marsh")
    assert "jo" not in identities.digest("a", "label", "jo marsh")


def found(rows, given=(), agents=()):
    """What the customers of a conversation are known by; rows are role, speaker and text."""
    turns = filled(
        TURNS,
        [
            {"conversation_id": "c", "turn": turn, "role": role, "speaker": speaker, "text": text}
            for turn, (role, speaker, text) in enumerate(rows)
        ],
    )
    beside = pl.DataFrame(
        [("c", name) for name in given], {"conversation_id": pl.String, "name": pl.String}, orient="row"
    )
    return set(identities.of_turns(turns, turns, beside, agents=agents).select("kind", "value").rows())


def test_label_text_and_export_tell_the_customer():
    rows = [("customer", "Jo Marsh", "Ring 07700 900123 or mail jo@example.com."), ("agent", "Tom", "I will.")]
    assert found(rows, ["CUST-0042"]) == {
        ("label", "jo marsh"), ("phone", "700900123"), ("address", "jo@example.com"), ("label", "cust-0042"),
    }  # fmt: skip


def test_what_is_the_houses_own_is_no_customers():
    rows = [("customer", "Customer", "Hello?"), ("agent", "support@larkfield.example", "Ring us on 020 7946 0958.")]
    given = ["support@larkfield.example", "amira@larkfield.example", "jo@example.com"]
    assert found(rows, given, ["larkfield.example"]) == {("address", "jo@example.com")}
