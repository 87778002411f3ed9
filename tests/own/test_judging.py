"""Which conversations heads have still to judge, and what a run that was killed leaves for the next one."""

from dataclasses import replace

import polars as pl
import pytest

from empathy_scan import own
from empathy_scan.config import Config, LabelsConfig
from empathy_scan.errors import ModelError, UsageError
from empathy_scan.own import judging
from empathy_scan.store import Store
from empathy_scan.tables import OWN_LABELS


def rows_of(store):
    return store.rows(OWN_LABELS).sort("conversation_id", "turn")


def test_heads_at_an_address_need_a_folder_of_their_own(tmp_path):
    with pytest.raises(UsageError, match="name a folder for them as `heads`"):
        judging.folder_of("s3://bucket/store", Config())
    named = Config(labels=LabelsConfig(heads=str(tmp_path)))
    assert judging.folder_of("s3://bucket/store", named) == tmp_path


def test_an_empty_store_has_no_model(tmp_path):
    with pytest.raises(ModelError, match="nothing is stored yet"):
        judging.encoder_of(Store(tmp_path / "store"))
    assert judging.fitting_heads(Store(tmp_path / "store"), Config()) == {}


def test_what_is_judged_is_not_outstanding_and_a_new_label_is_in_every_conversation(trained):
    facts = judging.fitting_heads(trained.store, trained.config)
    assert judging.outstanding(trained.store, facts).is_empty()
    (known,) = facts.values()
    found = judging.outstanding(trained.store, {**facts, "other": replace(known, key="other", name="other")})
    assert found["label"].unique().to_list() == ["other"]
    assert found["conversation_id"].sort().to_list() == sorted(trained.store.known()["conversation_id"])


def test_a_run_that_was_killed_is_finished_by_the_next_one(trained):
    whole = rows_of(trained.store)
    left = ["chat-03", "chat-20"]
    trained.store.drop_rows(OWN_LABELS, pl.Series(left))
    facts = judging.fitting_heads(trained.store, trained.config)
    assert judging.outstanding(trained.store, facts)["conversation_id"].to_list() == left
    told = []
    done = judging.catch_up(trained.store, trained.config, trained.bundle, told=lambda *at: told.append(at))
    assert (done, told) == (2, [(2, 2)])
    assert rows_of(trained.store).equals(whole)


def test_rows_of_a_head_that_is_gone_leave_the_store(trained):
    facts = judging.fitting_heads(trained.store, trained.config)
    newer = {key: replace(each, threshold=each.threshold / 2) for key, each in facts.items()}
    assert judging.outstanding(trained.store, newer)["conversation_id"].n_unique() == 36
    assert rows_of(trained.store).is_empty()
    assert own.there(trained.store, trained.config).keys() == facts.keys()
