"""The whole of it on stores whose truth is known: a warning where queues do it, none where agents do."""

import json
from dataclasses import replace

import pytest

import biased
from empathy_scan import confounding_warning, fairness_report, rebuild, reviewing
from empathy_scan.config import Config, SummaryConfig
from empathy_scan.errors import ModelError, UsageError
from empathy_scan.fairness.errors import FOUND
from empathy_scan.report import fairness as pages
from empathy_scan.review import Wish, questions
from empathy_scan.review.queue import Answer

CONFIG = Config(summary=SummaryConfig(resamples=100))


def measure(store, **wish):
    return fairness_report.measure(store, CONFIG, rewritten=0, **wish)


@pytest.fixture(scope="module")
def queues(tmp_path_factory):
    """A store in which agents differ only by their queue, and a file that says where they sit."""
    root = tmp_path_factory.mktemp("queues")
    path = root / "sites.csv"
    rows = [f"Agent.{agent},{'north' if agent % 2 else 'south'},secret{agent}" for agent in range(8)]
    path.write_text("\n".join(["agent,site,desk", *rows]) + "\n", encoding="utf-8")
    return biased.store(root / "store", by_queue=0.5), path


def test_agents_who_differ_by_their_queue_alone_give_a_warning_that_names_it(queues):
    found = measure(queues[0])
    warnings = list(pages.warnings(found.comparisons))
    assert len(warnings) == 1
    assert warnings[0].startswith("Differences between agents in “Answered with understanding”, “Stock phrases only”")
    assert all("queue" in each for each in warnings)
    front = confounding_warning.confounded(
        *(getattr(queues[0].load(), name) for name in ("labels", "conversations")), CONFIG
    )
    assert list(pages.warnings(front)) == warnings


def test_agents_who_truly_differ_give_none(tmp_path):
    found = measure(biased.store(tmp_path / "store", by_agent=0.5))
    assert any(each.differing for each in found.comparisons)
    assert list(pages.warnings(found.comparisons)) == []
    assert "stay when agents are compared within the same queue" in pages.said(found).calm


def test_given_columns_are_compared_and_nobody_can_be_picked_out(queues):
    found = measure(queues[0], columns=queues[1], minimum_agents=3)
    assert {each.facet for each in found.comparisons if each.given} == {"site"}
    assert ("desk", "fewer than two groups with 3 agents or more each") in found.untold
    told = json.dumps(found.to_json())
    assert "secret" not in told
    assert all("by_agent" not in row for row in found.to_json()["comparisons"] if row["facet"] == "site")
    assert {each.group for each in found.figures if each.facet == "site"} == {"north", "south"}
    assert all(each.estimate is None for each in measure(queues[0], columns=queues[1]).figures if each.facet == "site")


def test_nothing_of_the_file_is_kept_in_the_store(queues):
    measure(queues[0], columns=queues[1], minimum_agents=2)
    held = [path for path in queues[1].parent.rglob("*") if path.is_file() and path != queues[1]]
    assert held
    assert not any(b"secret" in path.read_bytes() or b"north" in path.read_bytes() for path in held)


def test_errors_by_group_come_from_the_review_queue(tmp_path):
    """Reviewers see understanding where the model does, but for repairs, where half of it is missed."""
    store = biased.store(tmp_path / "store", conversations=20)
    config = replace(CONFIG, review=replace(CONFIG.review, queue=str(tmp_path / "queue")))
    queue = reviewing.queue_of(store.root, config)
    reviewing.export(store, queue, config, Wish(600, {"random": 1.0}, 0.0, ["agent"], (), ("ana",), 1))
    repairs = set(store.load().conversations.filter(queue="repairs")["conversation_id"])
    answers = []
    for at, item in enumerate(queue.items()):
        said = dict(item.model)
        if item.conversation_id in repairs and said["S"] == "yes" and at % 2:
            said |= {"A": "yes"}
        answers.append(Answer(item.id, "ana", questions.completed(item.role, said), biased.MONDAY))
    queue.add_answers(answers)
    found = fairness_report.measure(store, config, rewritten=0)
    rates = {(each.facet, each.group, each.event, each.kind): each for each in found.errors}
    assert found.answered == len(answers)
    assert rates["queue", "billing", "understanding", FOUND].estimate.value == 1.0
    assert rates["queue", "repairs", "understanding", FOUND].gap.believed
    assert any("finds understanding less often in queue “repairs”" in each for each in pages.said(found).warnings)


def test_another_model_and_an_empty_period_are_told(queues):
    with pytest.raises(ModelError, match="--flips 0"):
        fairness_report.measure(queues[0], CONFIG)
    with pytest.raises(UsageError, match="no conversation of that period"):
        measure(queues[0], since=biased.MONDAY.replace(year=2030))


@pytest.mark.parametrize(
    ("why", "warned"), [({"by_queue": 0.8}, True), ({"by_agent": 0.6, "sorted_queues": False}, False)]
)
def test_the_report_warns_where_agents_are_compared(tmp_path, why, warned):
    store = biased.store(tmp_path / "store", agents=6, conversations=20, **why)
    front, _ = rebuild.write_report(store, tmp_path / "report", CONFIG)
    told = json.loads((tmp_path / "report" / "data" / "report.json").read_text(encoding="utf-8"))["warnings"]
    pages_of_agents = [path.read_text(encoding="utf-8") for path in (tmp_path / "report" / "agents").glob("*.html")]
    assert bool(told) is warned
    assert ("may be differences of queue" in front.read_text(encoding="utf-8")) is warned
    assert ("may be differences of queue" in front.with_suffix(".md").read_text(encoding="utf-8")) is warned
    assert any("so it may be one of queue" in page for page in pages_of_agents) is warned
