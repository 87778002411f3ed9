"""The documents say what the program does: commands, options, settings, formats, placeholders, links and examples."""

import json
import re
import shlex
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
import typer

from empathy_scan import __version__, codebook, readers, redact_rules, tables
from empathy_scan.cli import app
from empathy_scan.config import Config

ROOT = Path(__file__).parents[1]
PROGRAM = typer.main.get_command(app)
# Every command by what is typed: those of a group as `review export`.
COMMANDS = {
    f"{name} {own.name}" if hasattr(command, "commands") else name: own
    for name, command in PROGRAM.commands.items()
    for own in getattr(command, "commands", {"": command}).values()
}
PARTS = (".github", "docs", "data", "models")
PAGES = sorted([*ROOT.glob("*.md"), *(page for part in PARTS for page in (ROOT / part).rglob("*.md"))])
RUN_HERE = {"formats", "measure", "read"}  # they need no model and no store: the README's examples of them are run


def page(name):
    return (ROOT / name).read_text(encoding="utf-8")


def sections(text):
    """The lines below each heading of the second level, by heading."""
    pieces = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {name: body.splitlines() for name, body in zip(pieces[1::2], pieces[2::2], strict=True)}


def line_of(parameter):
    """How docs/cli.md must state an argument or option."""
    named = [f"`{name}`" for name in parameter.opts]
    if parameter.param_type_name == "argument":
        named = [f"`{parameter.metavar}`"]
    elif not parameter.is_flag:
        named[-1] = f"{named[-1][:-1]} {parameter.metavar or 'NUMBER'}`"
    default = "" if parameter.default in {None, False, ""} else f" Default: `{parameter.default}`."
    return f"- {', '.join(named)}: {parameter.help}{default}"


def stated(lines):
    return [line for line in lines if line.startswith("- `")]


def toml(value):
    """A default as it would be written in a settings file."""
    if isinstance(value, dict):
        return "{}" if not value else json.dumps(value)
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def shell_lines(name):
    """Every command line of the program in a page's bash blocks, as words."""
    blocks = re.findall(r"^```bash\n(.*?)^```", page(name), flags=re.MULTILINE | re.DOTALL)
    lines = [line.partition("#")[0] if "'" not in line else line for block in blocks for line in block.splitlines()]
    parts = [line.rpartition(" | ")[2] for line in lines]
    return [shlex.split(part)[1:] for part in parts if part.startswith("empathy-scan ")]


def links(text):
    """The relative targets of a page's links and pictures, code left out."""
    plain = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    found = re.findall(r"\]\(([^)\s]+)\)", plain)
    return [target.partition("#")[0] for target in found if not re.match(r"[a-z]+:|#", target)]


def test_the_manual_has_a_section_for_every_command_and_for_no_other():
    others = {"Exit codes", "Options before the command"}
    assert set(sections(page("docs/cli.md"))) - others == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_manual_states_every_option_of_a_command_and_no_other(name):
    command = COMMANDS[name]
    assert stated(sections(page("docs/cli.md"))[name]) == [line_of(parameter) for parameter in command.params]


def test_the_manual_states_the_options_before_the_command():
    assert stated(sections(page("docs/cli.md"))["Options before the command"]) == [line_of(p) for p in PROGRAM.params]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_ends_its_help_with_an_example_that_parses(name):
    example = COMMANDS[name].epilog.removeprefix("Example: ").rpartition(" | ")[2]
    program, *words = shlex.split(example)
    typed = name.split()
    assert [program, *words[: len(typed)]] == ["empathy-scan", *typed]
    COMMANDS[name].make_context(name, words[len(typed) :])


@pytest.mark.parametrize("part", [item.name for item in fields(Config)])
def test_the_manual_states_every_setting_with_its_default_and_no_other(part):
    heading = next(name for name in sections(page("docs/config.md")) if name.startswith(f"[{part}]"))
    rows = re.findall(
        r"^\| `(\w+)` \| `(.*?)` \| .+ \|$", "\n".join(sections(page("docs/config.md"))[heading]), re.MULTILINE
    )
    settings = getattr(Config(), part)
    assert is_dataclass(settings)
    assert rows == [(item.name, toml(getattr(settings, item.name))) for item in fields(settings)]


def test_the_manual_has_a_section_for_every_part_of_the_settings():
    parts = [name[1:].partition("]")[0] for name in sections(page("docs/config.md")) if name.startswith("[")]
    assert parts == [item.name for item in fields(Config)]


def test_the_manual_lists_every_format_in_the_order_in_which_they_are_asked():
    rows = re.findall(
        r"^\| `([\w-]+)` \| (`\..*?) \|", "\n".join(sections(page("docs/formats.md"))["Formats"]), re.MULTILINE
    )
    wanted = [(r.name, ", ".join(f"`{suffix}`" for suffix in r.suffixes)) for r in readers.FORMATS]
    assert rows == wanted


def test_the_manual_names_every_column_of_a_turn():
    assert not [name for name in tables.TURNS.columns if f"`{name}`" not in page("docs/formats.md")]


def test_the_manual_names_every_placeholder():
    named = re.findall(r"^\| `\[([A-Z_]+)\]` \|", page("docs/privacy.md"), re.MULTILINE)
    assert sorted(named) == sorted(redact_rules.KINDS)


@pytest.mark.parametrize("labels", [codebook.FLAGS, codebook.AGENT_TONES, codebook.CUSTOMER_TONES, codebook.ATTACKS])
def test_the_codebook_defines_every_label(labels):
    assert not [label for label in labels if f"| `{label.code}` | `{label.name}` |" not in page("docs/codebook.md")]


def test_the_citation_names_the_version_of_the_program():
    assert f"\nversion: {__version__}\n" in page("CITATION.cff")


def test_the_codebook_is_of_the_version_that_the_program_has():
    assert page("docs/codebook.md").startswith(f"# Codebook, version {codebook.CODEBOOK_VERSION}\n")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_relative_links_lead_to_files(path):
    missing = [target for target in links(path.read_text(encoding="utf-8")) if not (path.parent / target).exists()]
    assert not missing


@pytest.mark.parametrize("words", shell_lines("README.md"), ids=" ".join)
def test_the_examples_of_the_front_page_are_understood(words):
    PROGRAM.commands[words[0]].make_context(words[0], words[1:])


@pytest.mark.parametrize("words", [words for words in shell_lines("README.md") if words[0] in RUN_HERE], ids=" ".join)
def test_the_examples_that_need_no_model_run(words):
    command = [sys.executable, "-m", "empathy_scan", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stderr) == (0, "")


def test_what_an_example_is_said_to_print_is_what_it_prints():
    shown = re.search(r"read --explain (\S+)\n```\n\n```\n(.*?)\n +\.\.\.\n```", page("README.md"), re.DOTALL)
    command = [sys.executable, "-m", "empathy_scan", "read", "--explain", shown[1]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.startswith(shown[2])


@pytest.mark.parametrize(
    "target", ["demo", "test", "docs", "reference", "dist", "format", "lock", "pack", "pretrain", "model"]
)
def test_every_make_target_that_the_documents_name_is_there(target):
    assert re.search(rf"^{target}:", page("Makefile"), re.MULTILINE)
