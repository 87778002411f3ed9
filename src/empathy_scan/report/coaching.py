"""What a coaching talk is about: strengths first, then at most three things to work on, each only where figures say so.

The three are chosen by one rule: how far the figure lies from the team or from the agent's own past beyond chance,
times how many moments there are to talk about. Where nothing is beyond chance, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from empathy_scan.report import findings, support
from empathy_scan.report.findings import Answers
from empathy_scan.report.material import Material, Row
from empathy_scan.report.support import Standing

MOST = 3  # things to work on
MOST_STRENGTHS = 4
_FEWEST_MOMENTS = 2  # one turn is no habit
_SLIGHT = 0.05  # a difference after hostile customers that is surely no more than this is a steady tone
_FEW_STRENGTHS = 2  # with fewer that stand out, what is steadily good is said too


@dataclass(frozen=True, slots=True)
class Aim:
    """A thing that somebody may work on: the measure that shows it, and how it is said."""

    kind: str  # what it is called in an address; of its moments too (moments.KINDS)
    measure: str
    shape: str  # its sign and colour
    title: str
    said: str  # goes on after the name; {} is the figure
    up: bool = True  # whether a high figure is the trouble
    shown: tuple[str, ...] = ()  # kinds of its moments, where `kind` is none of them
    unless: tuple[str, ...] = ()  # left out where one of these kinds says it more exactly

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of its moments."""
        return self.shown or (self.kind,)


AIMS: tuple[Aim, ...] = (
    Aim("missed", "missed_rate", "missed", "Hear the call for empathy",
        "Leaves {} without understanding and without a stock phrase"),
    Aim("scripted", "scripted_rate", "scripted", "Say it in words that fit this customer only",
        "Answers {} with stock phrases only"),
    Aim("mirroring", "mirroring", "guarded", "Keep a steady tone under attack", "Becomes guarded or hostile in"),
    Aim("sorry", "sorry_without_action", "owns", "Follow “sorry” with a step", "Takes no concrete step after {}"),
    Aim("snap", "snap_after_pleasantry", "guarded", "Notice when politeness wears thin",
        "Turned guarded or hostile after two or more stock phrases in {}"),
    Aim("belittling", "belittling_rate", "hostile", "Stay with the matter, not the person",
        "Attacks or belittles the customer in {}"),
    Aim("house", "formulaicity", "scripted", "Leave the house phrases",
        "Uses phrases that colleagues say nearly word for word in {}"),
    Aim("unheard", "empathy_rate", "missed", "Show that this customer was understood",
        "Answers only {} with understanding", up=False, shown=("scripted", "missed"), unless=("scripted", "missed")),
    Aim("action", "followed_by_action", "owns", "Let a step follow the kind word",
        "Follows only {} with a concrete step", up=False, shown=("sorry",), unless=("sorry",)),
)  # fmt: skip

# Measure -> whether a high figure is good, and how it is said where it stands out. Few missed calls are no strength
# where stock phrases answer them, nor the other way round: only understanding is.
_STRENGTHS: dict[str, tuple[bool, str]] = {
    "empathy_rate": (True, "Answers {} with understanding"),
    "rise_above_rate": (True, "Rose above {}: a civil answer that understood or took a step"),
    "mirroring": (False, "Keeps a steadier tone than the others when customers attack: guarded or hostile in"),
    "followed_by_action": (True, "Follows {} with a concrete step"),
    "sorry_without_action": (False, "Leaves only {} without a concrete step"),
    "exploring": (True, "Asks openly in answer to {}"),
    "own_voice": (True, "Says {} in words of their own"),
    "guarded_rate": (False, "Is guarded in only {}"),
}
# What is steadily good whatever the team does: measure, whether high is good, the bound that the interval must clear.
_STEADY: tuple[tuple[str, bool, float, str], ...] = (
    ("empathy_rate", True, 0.5, "Answers most calls for empathy with understanding: {}"),
    ("rise_above_rate", True, 0.5, "Rises above most hostile messages: {}"),
    ("mirroring", False, 0.15, "Keeps much the same tone whether customers are hostile or not: {}"),
    ("followed_by_action", True, 0.5, "Follows most caring messages with a concrete step: {}"),
    ("guarded_rate", False, 0.1, "Keeps a civil tone nearly always: guarded in {}"),
    ("belittling_rate", False, 0.05, "Stays with the matter, not the person: hostile in {}"),
    ("composure_0", False, 0.25, "Has an even tone as long as nobody attacks: guarded or hostile in {}"),
)


@dataclass(frozen=True, slots=True)
class Strength:
    """A strength in a sentence, and how the team or the agent's own past stands beside it."""

    text: str
    beside: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """A thing to work on that the figures support, with its sentences."""

    aim: Aim
    standing: Standing
    text: str
    moments: int  # how many there are in all


def strengths(standings: Mapping[str, Standing], answers: Answers | None) -> tuple[list[Strength], bool]:
    """Sentences on what stands out well, else on what is steadily good; whether any of them stands out."""
    clear = {
        name: standing.distance(up=high)
        for name, (high, _) in _STRENGTHS.items()
        if (standing := standings.get(name)) and standing.distance(up=high) > 0
    }
    ordered = sorted(clear, key=lambda name: -clear[name])[:MOST_STRENGTHS]
    said = [_strength(_STRENGTHS[name][1], standings[name], answers) for name in ordered]
    if len(said) < _FEW_STRENGTHS:
        said += list(_steady(standings, without=clear))[: _FEW_STRENGTHS + 1 - len(said)]
    return said, bool(clear)


def chosen(standings: Mapping[str, Standing], counts: Mapping[str, int], answers: Answers | None) -> list[Chosen]:
    """At most three things to work on, by distance beyond chance times moments; none where figures support none."""
    found = sorted(_supported(standings, counts, answers), key=lambda one: -one[0])
    kinds = {one.aim.kind for _, one in found}
    return [one for _, one in found if not kinds.intersection(one.aim.unless)][:MOST]


def rule(count: int) -> str:
    """How the things to work on were chosen, for the page."""
    if not count:
        return "Nothing stands out that chance could not do."
    number = ("One thing stands", "Two things stand", "Three things stand")[count - 1]
    return (
        f"{number} out beyond what chance does, the most telling first: by how far the figure lies from the others or "
        "from the agent's own past (the tone under attack: from no difference), times how many moments there are."
    )


def _supported(
    standings: Mapping[str, Standing], counts: Mapping[str, int], answers: Answers | None
) -> Iterator[tuple[float, Chosen]]:
    """Every aim that the figures support, with its weight."""
    for aim in AIMS:
        standing = standings.get(aim.measure)
        moments = sum(counts.get(kind, 0) for kind in aim.kinds)
        if standing is None or moments < _FEWEST_MOMENTS:
            continue
        distance = standing.distance(up=aim.up)
        if aim.kind == "mirroring":  # a steady tone is the aim, not the team's
            low = standing.figure.low or 0.0
            distance = low if low > _SLIGHT else 0.0
        if distance > 0:
            yield distance * moments, Chosen(aim, standing, _work(aim, standing, answers), moments)


def _work(aim: Aim, standing: Standing, answers: Answers | None) -> str:
    """The sentence of a thing to work on."""
    if aim.kind == "mirroring":
        return f"{_mirroring(aim.said, answers)}{support.told(standing)}."
    return f"{aim.said.format(support.told(standing))}."


def _strength(text: str, standing: Standing, answers: Answers | None) -> Strength:
    """The sentence of a strength, with the team beside it or how it has improved."""
    contrast = standing.measure.name == "mirroring"
    said = _mirroring(text, answers) + support.told(standing) if contrast else text.format(support.told(standing))
    beside = support.capital(standing.team if standing.from_team else standing.past)
    return Strength(f"{said}.", f"{beside}." if beside else "")


def _steady(standings: Mapping[str, Standing], *, without: Container[str]) -> Iterator[Strength]:
    """What is good whatever the team does, where the whole interval says so."""
    for name, high, bound, text in _STEADY:
        standing = standings.get(name)
        if standing is None or name in without:
            continue
        low, top = standing.figure.low or 0.0, standing.figure.high or 0.0
        if low > bound if high else top < bound:
            yield Strength(f"{text.format(support.told(standing))}.", "")


def _mirroring(lead: str, answers: Answers | None) -> str:
    """The counts behind mirroring, up to the difference."""
    if answers and answers.after and answers.otherwise:
        return f"{answers.sentence(lead=lead)}: "
    return f"{lead} more of the turns after a hostile customer than of the others: "


def standings_of(material: Material, past: Mapping[tuple[str, str], Row], agent_id: str) -> dict[str, Standing]:
    """How every figure of an agent stands, by measure."""
    names = dict.fromkeys((*(aim.measure for aim in AIMS), *_STRENGTHS, *(steady[0] for steady in _STEADY)))
    made = {name: support.standing(material, dict(past), agent_id, name) for name in names}
    return {name: standing for name, standing in made.items() if standing}


def load(found: list[findings.Finding], agent_id: str) -> tuple[str, ...]:
    """What stands out about the abuse that an agent took."""
    return tuple(
        f"{finding.text}." for finding in found if finding.agent_id == agent_id and finding.section == findings.LOAD
    )
