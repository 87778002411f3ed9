"""Scores by content: what is put comes back bit by bit, and another model finds nothing."""

import logging
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from empathy_scan.cache import CACHED, Cache, segment_keys
from empathy_scan.tables import SEGMENTS, conform

PROBABILITIES = [name for name in CACHED.columns if name.startswith("p_")]
CONTEXT = [{"role": "customer", "text": "My parcel never came."}]


def score(key: str, *, value: float = 0.25, spans: list[dict[str, object]] | None = None) -> dict[str, object]:
    """A row of CACHED."""
    plain = {"flags": "SA", "tone": 1, "kinds": "", "unsure": False, "evidence": spans or [], "deletions": None}
    return {"key": key, **dict.fromkeys(PROBABILITIES, value), **plain}


def scores(*rows: dict[str, object]) -> pl.DataFrame:
    return conform(pl.DataFrame(rows, dict(CACHED.columns), orient="row"), CACHED)


def segment(**changes: object) -> dict[str, object]:
    """A row of SEGMENTS."""
    place = {"conversation_id": "c1", "turn": 1, "segment": 0, "role": "agent", "start": 0, "end": 20}
    return {**place, "text": "A week is far too long.", "context": CONTEXT, **changes}


def keys(*rows: dict[str, object]) -> list[str]:
    return segment_keys(pl.DataFrame(rows, dict(SEGMENTS.columns), orient="row")).to_list()


def damage(folder: Path) -> Path:
    """Overwrite the first half of the cache's file."""
    (path,) = folder.iterdir()
    path.write_bytes(b"\x00garbage" * (path.stat().st_size // 16) + path.read_bytes()[path.stat().st_size // 2 :])
    return path


span = st.fixed_dictionaries(
    {
        "label": st.sampled_from("SAXOitpc"),
        "start": st.integers(0, 2**31 - 1),
        "end": st.integers(0, 2**31 - 1),
        "weight": st.floats(0, 1, width=32),
    }
)


@given(value=st.floats(0, 1, width=32), spans=st.lists(span, max_size=4), unsure=st.booleans(), unset=st.booleans())
def test_what_is_put_comes_back_bit_by_bit(value, spans, unsure, unset):
    tried = [{"label": "insult", "p": value, "without": 0.125}] if unsure else None
    row = {**score("k", value=value, spans=spans), "unsure": unsure, "deletions": tried}
    given_scores = scores({**row, "p_scripted": None} if unset else row)
    with Cache(None) as cache:
        cache.put(given_scores, "m1")
        assert_frame_equal(cache.get(pl.Series(["k"]), "m1"), given_scores, check_exact=True)


def test_a_file_keeps_scores_for_the_next_run(tmp_path):
    with Cache.open(tmp_path / "new" / "cache") as cache:
        cache.put(scores(score("b"), score("a")), "m1")
    with Cache.open(tmp_path / "new" / "cache") as cache:
        assert_frame_equal(cache.get(pl.Series(["b", "x", "a", "a"]), "m1"), scores(score("a"), score("b")))


def test_another_model_finds_nothing():
    with Cache(None) as cache:
        cache.put(scores(score("a")), "m1")
        assert cache.get(pl.Series(["a"]), "m2").is_empty()


def test_no_keys_and_no_rows_are_fine():
    with Cache(None) as cache:
        cache.put(scores(), "m1")
        assert_frame_equal(cache.get(pl.Series([], dtype=pl.String), "m1"), CACHED.empty())


def test_many_keys_are_found_at_once():
    many = pl.Series([f"{number:06d}" for number in range(40_000)])
    frame = scores(score("x")).drop("key").join(pl.DataFrame({"key": many}), how="cross").select(CACHED.columns.keys())
    with Cache(None) as cache:
        cache.put(frame, "m1")
        assert_frame_equal(cache.get(many, "m1"), frame)


def test_a_key_that_is_there_is_left_as_it_is():
    with Cache(None) as cache:
        cache.put(scores(score("a", value=0.25)), "m1")
        cache.put(scores(score("a", value=0.5)), "m1")
        assert cache.get(pl.Series(["a"]), "m1")["p_owns"].to_list() == [0.25]


def test_putting_again_leaves_the_file_as_it_was(tmp_path):
    with Cache(tmp_path) as cache:
        cache.put(scores(score("a")), "m1")
    (path,) = tmp_path.iterdir()
    before = path.read_bytes()
    with Cache(tmp_path) as cache:
        cache.put(scores(score("a")), "m1")
    assert [path] == list(tmp_path.iterdir())
    assert path.read_bytes() == before


def test_a_damaged_file_is_set_aside_with_a_warning(tmp_path, caplog):
    with Cache(tmp_path) as cache:
        cache.put(scores(score("a")), "m1")
    path = damage(tmp_path)
    with caplog.at_level(logging.WARNING), Cache(tmp_path) as cache:
        assert cache.get(pl.Series(["a"]), "m1").is_empty()
        cache.put(scores(score("a")), "m1")
        assert cache.get(pl.Series(["a"]), "m1").height == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [path.with_suffix(".damaged").name, path.name]
    assert "set aside" in caplog.text


def test_damage_found_in_the_middle_of_a_run_is_survived(tmp_path, caplog):
    rows = [score(f"{number:05d}") for number in range(5000)]
    with Cache(tmp_path) as cache:
        cache.put(scores(*rows), "m1")
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))  # the first pages are sound: it opens
    with caplog.at_level(logging.WARNING), Cache(tmp_path) as cache:
        assert cache.get(pl.Series([row["key"] for row in rows]), "m1").is_empty()
    assert "set aside" in caplog.text


def test_where_no_file_can_be_made_scores_are_kept_in_memory(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    with caplog.at_level(logging.WARNING), Cache(tmp_path / "file") as cache:
        cache.put(scores(score("a")), "m1")
        assert cache.get(pl.Series(["a"]), "m1").height == 1
    assert "for this run only" in caplog.text


@pytest.mark.skipif(sys.platform == "win32", reason="limits a file's size the POSIX way")
def test_a_full_disk_is_a_warning(tmp_path):
    code = f"""
import logging, resource, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_cache import Cache, score, scores
logging.basicConfig(level=logging.WARNING)
cache = Cache(Path({str(tmp_path)!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
cache.put(scores(*(score(str(number)) for number in range(5000))), "m1")
print(cache.get(scores(score("1"))["key"], "m1").height)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "0"
    assert "cannot be used now" in done.stderr


def test_the_file_holds_no_text(tmp_path):
    row = segment(text="Zebedee waited for his parcel.")
    frame = pl.DataFrame([row], dict(SEGMENTS.columns), orient="row")
    with Cache(tmp_path) as cache:
        cache.put(scores(score("x")).with_columns(key=segment_keys(frame)), "m1")
    (path,) = tmp_path.iterdir()
    assert b"Zebedee" not in path.read_bytes()


@pytest.mark.parametrize(
    "changes", [{"conversation_id": "c2"}, {"turn": 5}, {"segment": 3}, {"start": 40, "end": 63}], ids=str
)
def test_a_key_does_not_depend_on_where_the_words_stand(changes):
    assert keys(segment(**changes)) == keys(segment())


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "A week is far too long!"},
        {"role": "customer"},
        {"context": []},
        {"context": [{"role": "agent", "text": CONTEXT[0]["text"]}]},
        {"context": [*CONTEXT, *CONTEXT]},
        {"context": [{"role": "customer", "text": ""}]},
    ],
    ids=str,
)
def test_a_key_depends_on_all_that_the_model_sees(changes):
    assert keys(segment(**changes)) != keys(segment())


@given(st.lists(st.tuples(st.text(max_size=5), st.lists(st.text(max_size=5), max_size=3)), max_size=6))
def test_keys_are_equal_exactly_when_the_words_are(words):
    rows = [segment(text=text, context=[{"role": "agent", "text": turn} for turn in turns]) for text, turns in words]
    found = keys(*rows)
    assert len(found) == len(rows)
    assert len(set(found)) == len({(text, tuple(turns)) for text, turns in words})


def test_a_key_stays_what_it_is_in_later_versions():
    assert keys(segment()) == ["2f2d432a10a5337c32b4702d2b9f2d0b"]
