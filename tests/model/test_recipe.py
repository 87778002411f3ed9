"""A build from labels to a bundle that holds its own report."""

import dataclasses
import json

import pytest
from toys import toy_conversation, toy_items

from empathy_scan.errors import UsageError
from empathy_scan.model import bundle, recipe, train
from empathy_scan.model.splits import split_of_written

CONFIG = train.TrainConfig(epochs=1, tokens_per_batch=1024, phrases=2**8, max_length=64, max_focus=40)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Two files of labelled conversations; the replies of `tc` are a contrast set."""
    folder = tmp_path_factory.mktemp("written")
    for name, numbers in (("talks", range(30, 60)), ("tc", range(30))):
        lines = "".join(json.dumps(toy_conversation(number)) + "\n" for number in numbers)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def built(tiny_backbone, written, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "bundle"
    report = recipe.build(tiny_backbone, out, written=written, labels=written, corpora=None, config=CONFIG)
    return out, report


def test_a_build_gives_a_bundle_that_holds_its_own_report(built):
    out, report = built
    loaded = bundle.load(out)
    assert loaded.facts["metrics"] == json.loads(json.dumps(report))
    assert loaded.facts["training"]["seed"] == CONFIG.seed
    assert recipe.SCENARIOS in (out / "README.md").read_text(encoding="utf-8").lower()


def test_calibration_turns_are_kept_out_of_training(built):
    out, report = built
    facts = bundle.load(out).facts
    data, training = facts["data"], facts["training"]
    assert training["calibration_turns"] > 0
    assert data["agent_turns"] + data["customer_turns"] == training["turns"]
    held_out = report[recipe.SCENARIOS]["model"]
    judged = held_out["care kappa"]["n"] + held_out["customer tone kappa"]["n"]
    assert training["turns"] + training["calibration_turns"] + judged == 60 * 12
    assert data["flags"].keys() == set("SAXO")
    assert data["attacks"]["i"] == data["attacks"]["t"] == data["attacks"]["c"] > 0


def test_the_report_has_the_model_beside_both_baselines(built):
    _, report = built
    systems = report[recipe.SCENARIOS]
    assert set(systems) == {"model", "tf-idf", "majority"}
    assert all({"value", "low", "high", "n"} == set(figure) for each in systems.values() for figure in each.values())
    assert systems["tf-idf"]["care macro-F1"]["value"] > systems["majority"]["care macro-F1"]["value"]


def test_the_report_has_contrast_sets_and_calibration_errors(built):
    _, report = built
    model = report[recipe.SCENARIOS]["model"]
    assert model["contrast situations right"]["n"] > 0
    assert 0 <= model["contrast situations right"]["value"] <= model["contrast replies right"]["value"] <= 1
    errors = {name: figure["value"] for name, figure in model.items() if name.endswith("ECE")}
    assert len(errors) == 8
    assert all(0 <= error <= 1 for error in errors.values())


def test_measuring_a_bundle_again_gives_the_figures_of_its_build(built, written):
    out, report = built
    again = recipe.measure(bundle.load(out), written=written, labels=written, corpora=None, baselines=False)
    assert again == {name: {"model": systems["model"]} for name, systems in report.items()}
    assert recipe.SCENARIOS in again


def test_a_folder_without_conversations_is_a_usage_error(tiny_backbone, tmp_path):
    with pytest.raises(UsageError, match="no labelled conversations found") as caught:
        recipe.build(tiny_backbone, tmp_path / "out", written=tmp_path, labels=tmp_path, corpora=None, config=CONFIG)
    assert caught.value.remedy


def test_conversations_that_are_all_held_out_cannot_train(tiny_backbone, tmp_path):
    (tmp_path / "none.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="no turns left to train on"):
        recipe.build(tiny_backbone, tmp_path / "out", written=tmp_path, labels=tmp_path, corpora=None, config=CONFIG)


def test_few_conversations_give_a_bundle_even_without_any_to_calibrate_or_judge(tiny_backbone, tmp_path):
    numbers = [n for n in range(40) if kept_for_training(n)][:2]
    lines = "".join(json.dumps(toy_conversation(number)) + "\n" for number in numbers)
    (tmp_path / "few.jsonl").write_text(lines, encoding="utf-8")
    report = recipe.build(
        tiny_backbone, tmp_path / "out", written=tmp_path, labels=tmp_path, corpora=None, config=CONFIG
    )
    assert {figure["value"] for figure in report[recipe.SCENARIOS]["model"].values()} == {None}
    assert bundle.load(tmp_path / "out").facts["training"]["calibration_turns"] == 0


def kept_for_training(number):
    scene = f"toy scene {number}"
    (item,) = toy_items(1)
    return split_of_written(scene) == "train" and not recipe.calibrates(
        dataclasses.replace(item, key=("few", str(number), 0), scenario=scene)
    )
