"""The architecture, held: who may import whom, who may print, and what `--help` may load."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import empathy_scan

ROOT = Path(empathy_scan.__file__).parent

# The parts of the package from the bottom up; a part imports from its own tier and those below (docs/architecture.md).
TIERS = {
    "vocabulary": {
        "errors",
        "codebook",
        "months",
        "tables",
        "config",
        "own_codebook",
        "stats",
        "kappa",
        "paired",
        "samples",
        "redact_answers",
        "redact_codes",
        "redact_forms",
        "redact_greetings",
        "redact_names",
        "redact_presidio",
        "redact_remains",
        "redact_rules",
        "redact_shapes",
        "redact_spoken",
        "redact_words",
        "hardship_rules",
        "role_phrases",
    },
    "machinery": {
        "ahead",
        "engine",
        "cache",
        "fairness",
        "delta",
        "facts",
        "fingerprints",
        "identities",
        "lease",
        "lightly",
        "lock",
        "stages",
        "sums",
        "versions",
        "role_words",
        "role_habits",
        "role_inference",
    },
    "from bytes to segments": {"readers", "redact", "roles", "segment", "hardship", "language"},
    "model": {"model"},
    "scoring": {"score", "parroting", "stuffing"},
    "measures": {
        "gaming",
        "mirror",
        "outcomes",
        "shifts",
        "opportunities",
        "adjust",
        "certain",
        "phrases",
        "quantify",
        "summary",
        "labelled_rows",
        "trends",
        "moves",
        "group_figures",
        "confounding",
        "fairness_results",
    },
    "leaves": {"appeals_log", "report", "contents", "layouts", "ledger", "store", "review"},
    "composition": {
        "notebook",
        "appeals",
        "prepare",
        "candidates",
        "judging",
        "rescoring",
        "takeovers",
        "side_files",
        "roster",
        "speaker_list",
        "classify",
        "dialogue",
        "given",
        "groups",
        "known_errors",
        "learning",
        "nights",
        "rebuild",
        "reviewing",
        "own",
        "runs",
        "rehearsal",
        "tombstones",
        "forgetting",
        "erasure",
        "doctor",
        "groups_file",
        "confounding_warning",
        "fairness_report",
        "pipeline",
    },
    "command line": {"cli", "__main__", "api"},
}
NAMES = list(TIERS)
TIER = {part: NAMES.index(tier) for tier, parts in TIERS.items() for part in parts}
STRANGERS = TIERS["from bytes to segments"]  # these do not import one another
PURE = TIERS["measures"]  # a report is made on machines without the model
HEAVY = {"torch", "spacy", "transformers", "sklearn", "deltalake", "ray"}
PRINTERS = {"print", "rich.print", "typer.echo", "typer.secho", "click.echo", "sys.stdout.write", "sys.stderr.write"}
TERMINALS = {"rich", "typer", "click"}  # packages that only the command line has a use for

MODULES = sorted(ROOT.rglob("*.py"))


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def part_of(path: Path) -> str:
    """The module or folder directly under the package that a file belongs to; "" for the package itself."""
    first = path.relative_to(ROOT).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of all that a file imports, also inside functions; `from a import b` gives a.b."""
    package = ("empathy_scan", *path.relative_to(ROOT).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*above, *filter(None, [node.module])))
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def own(path: Path) -> Iterator[tuple[int, str]]:
    """Line and part of all that a file imports from other parts of the package."""
    for line, name in imported(path):
        first, _, rest = name.partition(".")
        part = rest.split(".")[0]
        if first == "empathy_scan" and part and part != part_of(path) and not part.startswith("__version"):
            yield line, part


def wrong(importer: str, part: str) -> str:
    """Why a part may not import another; "" where it may."""
    if part not in TIER:
        return f"{part} has no tier: give it one in {Path(__file__).name}"
    if TIER[part] > TIER[importer]:
        return f"{importer} ({NAMES[TIER[importer]]}) is below {part} ({NAMES[TIER[part]]})"
    if importer in STRANGERS and part in STRANGERS:
        return f"{importer} and {part} are strangers"
    if importer in PURE and part in {"model", "score"}:
        return f"{importer} must work without the model"
    return ""


def called(node: ast.Call) -> str:
    """The dotted name of what a call calls, as far as it is spelt out."""
    names, function = [], node.func
    while isinstance(function, ast.Attribute):
        names.append(function.attr)
        function = function.value
    return ".".join(reversed([*names, *([function.id] if isinstance(function, ast.Name) else [])]))


def loaded_by(code: str) -> set[str]:
    """The heavy packages that a fresh interpreter has loaded after the code."""
    code += "\nimport sys\nprint(*(name for name in sys.modules if '.' not in name))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    return HEAVY & set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_every_module_has_a_tier(path):
    assert not part_of(path) or part_of(path) in TIER, f"give {part_of(path)} a tier in {Path(__file__).name}"


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_imports_point_downwards(path):
    importer = part_of(path)
    allowed = (
        wrong if importer in TIER else lambda _, part: "" if part == "api" else "the package itself gives `api` alone"
    )
    faults = [f"{shown(path)}:{line}: {why}" for line, part in own(path) if (why := allowed(importer, part))]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("path", [path for path in MODULES if part_of(path) not in {"cli", "__main__"}], ids=shown)
def test_only_the_command_line_prints(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    faults = [f"{shown(path)}:{node.lineno}: {called(node)}" for node in calls if called(node) in PRINTERS]
    faults += [f"{shown(path)}:{line}: {name}" for line, name in imported(path) if name.split(".")[0] in TERMINALS]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_files_and_functions_stay_small(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 500, f"{shown(path)}: split by subject"
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [f"{shown(path)}:{node.lineno}: {node.name}" for node in functions if node.end_lineno - node.lineno >= 60]
    assert not long, "\n".join(long)


def test_the_package_loads_nothing_before_it_is_asked_for():
    assert loaded_by("import empathy_scan\nassert 'polars' not in __import__('sys').modules") == set()


def test_the_command_line_loads_nothing_heavy():
    assert loaded_by("import empathy_scan.cli") == set()


def test_help_loads_nothing_heavy():
    command = [sys.executable, "-X", "importtime", "-m", "empathy_scan", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr[-500:]
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "empathy_scan.cli" in loaded
    assert HEAVY & loaded == set()


@pytest.mark.parametrize("part", sorted(TIERS["measures"] | TIERS["leaves"] | {"prepare", "rebuild"}))
def test_reports_are_made_without_the_model(part):
    assert loaded_by(
        f"import importlib.util as u\nif u.find_spec('empathy_scan.{part}'): import empathy_scan.{part}"
    ).isdisjoint({"torch", "transformers"})


@pytest.mark.parametrize(
    ("importer", "part", "right"),
    [
        ("tables", "errors", True),
        ("cache", "tables", True),
        ("store", "cache", True),
        ("pipeline", "store", True),
        ("cli", "pipeline", True),
        ("errors", "cache", False),
        ("cache", "readers", False),
        ("readers", "redact", False),
        ("segment", "hardship", False),
        ("mirror", "score", False),
        ("summary", "model", False),
        ("store", "pipeline", False),
        ("pipeline", "cli", False),
        ("pipeline", "novelty", False),
    ],
)
def test_the_rules_are_those_of_the_architecture(importer, part, right):
    assert (wrong(importer, part) == "") is right
