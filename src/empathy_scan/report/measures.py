"""What each figure is called in a report, what it counts, and how its value is written: no figure without its count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass

from markupsafe import Markup

from empathy_scan.report import charts, words
from empathy_scan.stats import Estimate


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of `summary` in the words of a report.

    `form`: `share` (0 to 1, shown as a per cent), `points` (a difference of shares), `load` (a count per 100), `each`
    (a count per one).
    """

    name: str
    title: str  # heading of the figure on a page
    head: str  # heading of its column in the table of agents
    kind: str  # colour and shape (charts)
    unit: tuple[str, str]  # what n counts, one and many
    meaning: str
    form: str = "share"
    short: tuple[str, str] = ("", "")  # the same in a narrow column; as `unit` where empty
    scale: str = ""  # measures of one scale are drawn on one axis; "" for a measure on its own


_CALLS = ("call for empathy", "calls for empathy")
_SHORT_CALLS = ("message", "messages")  # that called for empathy
_HOSTILE = ("hostile message", "hostile messages")
_CONVERSATIONS = ("conversation", "conversations")
_CARING = ("caring message", "caring messages")

HEADLINES: tuple[Measure, ...] = (
    Measure(
        "empathy_rate", "Answered with understanding", "Understood", "empathic", _CALLS,
        "Of the calls for empathy, how many got an answer that shows this customer's own situation was understood, "
        "or that asks about it openly.", short=_SHORT_CALLS,
    ),
    Measure(
        "scripted_rate", "Stock phrases only", "Stock phrases only", "scripted", _CALLS,
        "Of the calls for empathy, how many were answered only with phrases that would fit any other conversation, "
        "such as “I apologise for any inconvenience”.", short=_SHORT_CALLS,
    ),
    Measure(
        "missed_rate", "Missed", "Missed", "missed", _CALLS,
        "Of the calls for empathy, how many were answered with neither understanding nor a stock phrase.",
        short=_SHORT_CALLS,
    ),
    Measure(
        "mirroring", "Tone slips under attack", "Tone slips", "guarded",
        ("answer to a hostile message", "answers to hostile messages"),
        "How much more often the agent's tone is guarded or hostile right after a hostile customer than otherwise. "
        "+30 points may be 35 of 100 answers instead of 5; near 0 is a steady hand.",
        form="points", short=("answer", "answers"),
    ),
    Measure(
        "rise_above_rate", "Rose above", "Rose above", "rose", _HOSTILE,
        "Of the hostile messages, how many got a civil first answer that shows understanding or promises a concrete "
        "next step.",
    ),
    Measure(
        "abuse_load", "Abuse taken", "Abuse taken per 100", "load", _CONVERSATIONS,
        "Hostile messages from customers per 100 conversations. A load on the agent, never a mark.", form="load",
    ),
)  # fmt: skip

FURTHER: tuple[Measure, ...] = (
    Measure(
        "exploring", "Asked openly", "Asked openly", "empathic", _CALLS,
        "Calls for empathy answered with an open, interested question.",
    ),
    Measure(
        "followed_by_action", "Care followed by action", "Followed by action", "owns", _CARING,
        "Caring messages after which the agent took on a concrete step, at once or soon.",
    ),
    Measure(
        "sorry_without_action", "Sorry without action", "Sorry, no step", "scripted",
        ("message of stock sympathy", "messages of stock sympathy"),
        "Messages of stock phrases only after which the agent took on no concrete step, at once or soon.",
    ),
    Measure(
        "scripted_share", "Stock phrases among caring messages", "Stock share", "scripted", _CARING,
        "Caring messages that held stock phrases and no understanding.",
    ),
    Measure(
        "guarded_rate", "Guarded messages", "Guarded", "guarded", ("message", "messages"),
        "All of the agent's messages whose tone is defensive, dismissive or cold.",
    ),
    Measure(
        "belittling_rate", "Hostile messages by the agent", "Hostile", "hostile", ("message", "messages"),
        "All of the agent's messages that attack or belittle the customer.",
    ),
    Measure(
        "snap_after_pleasantry", "Snapped after forced pleasantry", "Snapped", "guarded", _CONVERSATIONS,
        "Conversations in which the tone turned after two or more stock phrases and no word of understanding.",
    ),
    Measure(
        "formulaicity", "House phrases among stock phrases", "House phrases", "scripted",
        ("stock sentence", "stock sentences"),
        "The agent's stock sentences that colleagues use nearly word for word too.",
    ),
    Measure(
        "own_voice", "Own voice", "Own voice", "empathic", ("caring sentence", "caring sentences"),
        "The agent's caring sentences, stock phrases or not, that are no house phrase.",
    ),
    Measure(
        "snap_lift", "Less civil after forced pleasantry", "After pleasantry", "guarded",
        ("message after stock phrases", "messages after stock phrases"),
        "How much more often the agent's tone is guarded or hostile after two or more stock phrases and no word of "
        "understanding than otherwise.", form="points",
    ),
    *(
        Measure(
            f"composure_{step}", f"Not civil after {said}", f"After {said}", "guarded", ("message", "messages"),
            f"The agent's messages after {said} of the customer so far whose tone is guarded or hostile. One point of "
            "the composure curve: flat is a steady hand.", scale="composure",
        )
        for step, said in enumerate(
            ("no hostile message", "one hostile message", "two hostile messages", "three or more hostile messages")
        )
    ),
    Measure(
        "carry_over_empathy", "Understanding after a hard conversation", "Understanding after", "empathic", _CALLS,
        "How much more (+) or less (\N{MINUS SIGN}) often calls for empathy are understood in the three conversations "
        "after an abusive one.", form="points",
    ),
    Measure(
        "carry_over_tone", "Tone after a hard conversation", "Tone after", "guarded", ("message", "messages"),
        "How much more (+) or less (\N{MINUS SIGN}) often the tone is guarded or hostile in the three conversations "
        "after an abusive one.", form="points",
    ),
    *(
        Measure(
            name, title, title, "empathic", _CALLS,
            f"How much more (+) or less (\N{MINUS SIGN}) often calls for empathy are understood {meaning}.",
            form="points", scale="consistency",
        )
        for name, title, meaning in (
            ("calls_against_emails", "Calls against e-mails", "on the telephone than in e-mails"),
            ("hostile_against_others", "Hostile customers against others", "of hostile customers than of others"),
            ("late_against_early", "Last hour against first", "in the last hour of a shift than in the first"),
        )
    ),
    *(
        Measure(
            f"de_escalation_{answer}", f"Customer's hostility after {how}", how, kind, ("answer", "answers"),
            f"How much more (+) or less (\N{MINUS SIGN}) hostile the customer's next message was after {how}.",
            form="points", scale="de-escalation",
        )
        for answer, how, kind in (
            ("empathic", "understanding", "empathic"),
            ("scripted", "stock phrases", "scripted"),
            ("neutral", "plain business", "missed"),
            ("guarded", "a guarded or hostile answer", "guarded"),
        )
    ),
)  # fmt: skip

LOADS: tuple[Measure, ...] = (
    Measure(
        "abuse_share", "Conversations with any abuse", "Any abuse", "load", _CONVERSATIONS,
        "Conversations with at least one hostile message.",
    ),
    Measure(
        "abuse_per_shift", "Hostile messages in a shift", "Per shift", "load", ("shift", "shifts"),
        "Hostile messages from customers per shift.", form="each",
    ),
    Measure(
        "customer_first", "Customer attacked first", "Customer first", "load", _CONVERSATIONS,
        "Of the conversations with a hostile message of either side, those in which the customer's came first.",
    ),
    *(
        Measure(
            f"abuse_{kind}", title, title, "load", _CONVERSATIONS,
            f"Hostile messages with {what}, per 100 conversations.", form="load", scale="attacks",
        )
        for kind, title, what in (
            ("insult", "Insults", "an insult"),
            ("threat", "Threats", "a threat"),
            ("profanity", "Swearing at somebody", "swearing at somebody"),
            ("contempt", "Contempt", "sarcasm, mockery or an accusation"),
        )
    ),
)  # fmt: skip


_OUT: dict[bool | None, str] = {True: "clearly higher", False: "clearly lower"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the figures frame; the interval may be missing, the count never."""

    measure: str
    value: float | None
    n: int
    conversations: int
    low: float | None
    high: float | None
    why: str
    corrected: Estimate | None = None  # after allowing for the model's known errors
    adjusted: Estimate | None = None  # for the customers that the agent got
    shrunken: Estimate | None = None  # drawn towards the team, the more the less is known
    reference: float | None = None  # what the other agents would do with the team's customers
    stands_out: bool | None = None  # by a test against that, after allowing for how many agents were looked at
    p_value: float | None = None  # of that test

    def above(self, other: Figure) -> bool:
        """Whether the whole interval lies above the whole interval of the other."""
        return self.low is not None and other.high is not None and self.low > other.high

    def higher(self, team: Figure) -> bool | None:
        """Whether an agent's figure stands out above the others' (False: below them); None where it does not.

        By the test where there is one; else, as for loads, by the whole interval.
        """
        if self.stands_out is None:
            return True if self.above(team) else False if team.above(self) else None
        own = self.adjusted or (self if self.low is not None else None)
        if not self.stands_out or own is None or self.reference is None:
            return None
        if (own.low or 0.0) <= self.reference <= (own.high or 0.0):
            return None  # whoever reads the range would not see why
        return (own.value or 0.0) > self.reference


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure ready for a page: the value, its interval and its count in words, and the bar that draws them."""

    measure: Measure
    value: str  # "" where there is too little to say
    range: str
    count: str
    where: str  # ` in 12 conversations`, where it does not count conversations anyway
    why: str
    bar: Markup
    against: str = ""  # how it stands to the team, in words
    corrected: str = ""  # what is left of it after allowing for the model's known errors, in words
    adjusted: str = ""  # what it is for the customers that the agent got, and how it stands to the others, in words
    order: float | None = None  # by which tables sort; None where there is too little to say
    stands_out: str = ""  # in words, in a table's cell; "" where it does not


def value_text(measure: Measure, value: float) -> str:
    """A value as its measure is written: `62%`, `+58 points`, `85 per 100 conversations`."""
    if measure.form == "points":
        return f"{words.signed(value * 100)} points"
    if measure.form == "each":
        return f"{value:.1f}"
    return f"{words.whole(value)} per 100 conversations" if measure.form == "load" else words.percent(value)


def messages_text(value: float) -> str:
    """A load of hostile messages in a sentence: `85 hostile messages per 100 conversations`."""
    return f"{words.whole(value)} hostile messages per 100 conversations"


def range_text(measure: Measure, figure: Figure, *, dash: str = " to ") -> str:
    """The interval as its measure is written: `48 to 75%`, `+40 to +75`, `60 to 110`; signed ends never get a dash."""
    if figure.low is None or figure.high is None:
        return "interval not known"
    if measure.form == "points":
        return f"{words.signed(figure.low * 100)} to {words.signed(figure.high * 100)}"
    if measure.form == "each":
        return f"{figure.low:.1f}{dash}{figure.high:.1f}"
    scale, sign = (1, "") if measure.form == "load" else (100, "%")
    return f"{words.whole(figure.low * scale)}{dash}{words.whole(figure.high * scale)}{sign}"


def in_brackets(measure: Measure, figure: Figure) -> str:
    """The interval and the count: `(48 to 75%, 41 calls for empathy)`."""
    return f"({range_text(measure, figure)}, {words.plural(figure.n, *measure.unit)})"


def show(
    measure: Measure, figure: Figure | None, *, axis: charts.Axis, team: Figure | None = None, narrow: bool = False
) -> Shown:
    """The figure for a page; without a value it says why. `team` draws the team's value and compares with it."""
    if figure is None or figure.value is None:
        why = figure.why if figure and figure.why else "not enough conversations yet"
        return Shown(measure, "", "", "", "", why, Markup(""))
    value = value_text(measure, figure.value)
    if narrow and measure.form == "load":
        value = f"{words.whole(figure.value)}"  # the column's head says of what
    count = words.plural(figure.n, *(measure.short if narrow and measure.short[0] else measure.unit))
    held = words.plural(figure.conversations, *_CONVERSATIONS)
    where = "" if measure.unit == _CONVERSATIONS else f" in {held}"
    reference = team.value if team else None
    label = f"{measure.title}: {value} {in_brackets(measure, figure)}"
    ends = (figure.value, figure.low, figure.high)
    bar = (
        charts.slim(*ends, axis=axis, kind=measure.kind, ground=measure.name)
        if narrow
        else charts.interval(*ends, axis=axis, kind=measure.kind, label=label, reference=reference)
    )
    spread = range_text(measure, figure, dash="\N{EN DASH}")
    return Shown(
        measure,
        value,
        spread,
        count,
        where,
        "",
        bar,
        _against(measure, figure, team),
        corrected_text(figure),
        adjusted_text(figure),
        round(figure.value, 4),
        _OUT.get(figure.higher(team), "") if team and team.value is not None else "",
    )


def corrected_text(figure: Figure) -> str:
    """`about 54% (46 to 62) after allowing for the model's known errors`; "" where there is no correction."""
    if figure.corrected is None:
        return ""
    value, low, high = (words.percent(part) for part in astuple(figure.corrected))
    spread = f"{low.removesuffix('%')} to {high.removesuffix('%')}"
    return f"about {value} ({spread}) after allowing for the model's known errors"


def adjusted_text(figure: Figure) -> str:
    """`with the same customers as the others: 75% (60 to 88), the others 52%: more than ...`; "" without one."""
    if figure.adjusted is None or figure.reference is None:
        return ""
    value, low, high = (words.percent(part) for part in astuple(figure.adjusted))
    spread = f"{low.removesuffix('%')} to {high.removesuffix('%')}"
    verdict = "more than chance would do" if figure.stands_out else "no more than chance would do"
    others = words.percent(figure.reference)
    return f"with the same customers as the others: {value} ({spread}), the others {others}: {verdict}"


def _against(measure: Measure, figure: Figure, team: Figure | None) -> str:
    """How a figure stands to the team's, said only as firmly as the intervals allow."""
    if team is None or team.value is None:
        return ""
    higher, whole_team = figure.higher(team), f"the team ({value_text(measure, team.value)})"
    if higher is None:
        return f"no clear difference from {whole_team}"
    if (figure.value or 0.0) != team.value and ((figure.value or 0.0) > team.value) != higher:
        return f"clearly {'above' if higher else 'below'} what the others would do with the same customers"
    return f"clearly {'above' if higher else 'below'} {whole_team}"


def axis_of(measure: Measure, figures: list[Figure]) -> charts.Axis:
    """The scale that all bars of a measure share: per cents run from 0 to 100, loads to the highest of them."""
    if measure.form == "share":
        return charts.Axis()
    ends = [end for figure in figures for end in (figure.low, figure.value, figure.high) if end is not None]
    if measure.form == "points":
        return charts.Axis(min([-0.2, *ends]), max([0.2, *ends]), zero=True)
    return charts.Axis(0.0, max([1.0, *ends]))


def bands(spans: Mapping[str, tuple[float, float]]) -> dict[str, tuple[int, int]]:
    """The first and last band of everyone with a range: two share a band exactly if their ranges overlap.

    A band is a largest set of ranges that all overlap, counted from the highest; ranges that touch overlap. This is the
    compact letter display of multiple comparisons (Piepho 2004), which for ranges on a line needs one sweep.
    """
    edges = [(-high, 0, who) for who, (_, high) in spans.items()] + [(-low, 1, who) for who, (low, _) in spans.items()]
    first: dict[str, int] = {}
    found: dict[str, tuple[int, int]] = {}
    band, opened = 0, False
    for _, closes, who in sorted(edges):
        if not closes:
            first[who], opened = band, True
            continue
        band, opened = band + opened, False
        found[who] = first[who], band - 1
    return found


def letters(first: int, last: int) -> str:
    """Bands as letters: `A`, `B–D`, and `AA` after `Z`."""
    names = []
    for number in (first, last):
        name, rest = "", number + 1
        while rest:
            rest, place = divmod(rest - 1, 26)
            name = chr(ord("A") + place) + name
        names.append(name)
    return names[0] if first == last else "\N{EN DASH}".join(names)
