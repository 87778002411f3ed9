"""The standing text of a report: the words it uses, explained once, and what its figures cannot show."""

from __future__ import annotations

from empathy_scan.report import measures

_CALL = (
    "a customer's message that shows anger, frustration or distress, attacks somebody, or tells of a loss, fear, "
    "illness or hardship, and that an agent had the chance to answer. Empathy is asked for only here: calm messages "
    "count neither for nor against anybody."
)
# What a page says of words and figures where they come first, for whoever reads no glossary.
CALL = (
    "A call for empathy is a customer's message that is upset or hostile, or that tells of a loss, fear, illness, "
    "grief or hardship."
)
ANSWERED = (
    "An answer shows understanding if it takes up this customer's own situation. Stock phrases would fit any other "
    "customer. Missed is an answer with neither."
)
RANGES = "The range in brackets says how far the luck of the calls alone could have moved a figure."
NAMED = (
    "Somebody is named only where luck alone would seldom make such a difference: of agents who are in truth all "
    "alike, about one in twenty would be named, or fewer. Who is not named may differ too; there are too few "
    "conversations to tell."
)
_STOCK = (
    "a phrase of care that could be pasted into any other conversation unchanged. A first name or a product name in it "
    "does not change that."
)
_TONES = (
    "guarded is defensive, dismissive or cold towards the customer; hostile attacks or belittles. Refusing a request "
    "politely is neither."
)
_RANGE = (
    "chance alone could have moved the figure anywhere within it (95% interval, drawn as a bar around the sign). It is "
    "wide where there are few conversations."
)
_BAND = (
    "agents who share a letter have ranges for “Answered with understanding” that overlap, so the figures cannot tell "
    "them apart. A stands for the highest. Somebody with a wide range shares several letters, such as A–C."
)
_CHANCE = "how probable the model holds the label. “Unsure” marks turns where it was close to undecided."
_CORRECTED = (
    "what the figure would be without the mistakes that the model made on conversations whose labels were checked, as "
    "far as it makes the same mistakes here; the range in brackets allows for chance and for how well the mistakes are "
    "known. Bars, bands and comparisons show what was counted."
)
TERMS: tuple[tuple[str, str], ...] = (
    ("Call for empathy", _CALL),
    *((measure.title, measure.meaning) for measure in measures.HEADLINES),
    ("Stock phrase", _STOCK),
    ("Owns a next step", "the agent takes on something concrete for this customer: what, and by whom or when."),
    ("Guarded, hostile", _TONES),
    ("The range in brackets", _RANGE),
    ("After allowing for the model's known errors", _CORRECTED),
    ("Band", _BAND),
    ("Percentage beside a label", _CHANCE),
)

_COACHING = (
    "Use the figures to find conversations worth reading together. No pay, grade or warning should follow from them."
)
_MACHINE = (
    "It errs, most of all with irony, dialect and unusual English. Read the turns behind a figure before you speak "
    "about it: every figure opens to them."
)
_WORDS_ONLY = (
    "Not the voice, not the silence, not what an agent felt or wanted. Words can show that a customer was understood, "
    "never that somebody cared."
)
_LAW = (
    "Monitoring people at work with a system like this counts as high-risk under the EU AI Act (annex III, point 4): "
    "tell the people concerned, keep records, and let a human being decide."
)
LIMITS: tuple[tuple[str, str], ...] = (
    ("For coaching, not for punishing.", _COACHING),
    ("The labels are made by a machine.", _MACHINE),
    ("Only words are seen.", _WORDS_ONLY),
    ("Agents do not choose their customers.", "Queues and days differ. Compare with care, and look at the load."),
    ("A human being decides.", _LAW),
)

# How to read what the pages say, for the Method page: a heading and its sentences.
READING: tuple[tuple[str, str], ...] = (
    (
        "The range in brackets",
        (
            "“62% (48 to 75%)” means: 62% of what was counted, and if the same agent held as many conversations of the "
            "same kind again, chance alone could put the figure anywhere from 48% to 75%. Nineteen of twenty such "
            "ranges hold the value that very many conversations would show. Of two figures whose ranges overlap "
            "widely nobody knows whether they differ."
        ),
    ),
    (
        "What a range does not hold",
        (
            "The model's mistakes are not in it, nor a difference in customers. Both move a figure in one direction, "
            "however many conversations there are."
        ),
    ),
    (
        "Bands",
        (
            "Agents who share a letter have ranges for “Answered with understanding” that overlap. Nobody can tell "
            "from these figures who of them does better, so there are no ranks."
        ),
    ),
    (
        "With the team's mix of customers, or with the same customers",
        (
            "An agent who gets more of the angry calls has a harder day. This figure says what the agent's rate would "
            "be with the customers that the whole team gets. It allows for what the labels can see, and for nothing "
            "else."
        ),
    ),
    (
        "Drawn towards the team",
        (
            "The data for other programs also hold figures that are drawn towards the team's mean, the more the less "
            "is known of an agent. They are the better guess where an agent has held few conversations."
        ),
    ),
    (
        "“Stands out”",
        (
            "A test found a difference from the other agents that chance would hardly make, after allowing for how "
            "many agents were looked at (Benjamini and Hochberg, 5%). Without that allowance one agent in twenty "
            "would stand out by luck alone."
        ),
    ),
    (
        "“Changed”",
        (
            "The same test, against an agent's own past. Where nothing is called changed, something may still have: "
            "there are not enough conversations yet to tell."
        ),
    ),
)
# What the figures must not be used for.
NOT_FOR: tuple[str, ...] = (
    (
        "Pay, bonus, grade, promotion, warning or dismissal. The figures are too uncertain for that, and were not made "
        "for it."
    ),
    "A ranking of people. The figures cannot tell those within a band apart.",
    "A judgement on a conversation that nobody has read.",
    (
        "Finding out what somebody feels. In the European Union, systems that infer the emotions of people at work "
        "from their voice or face are forbidden. This one reads words, and says what words do, not what a person "
        "feels."
    ),
    "Blaming an agent for the abuse that customers give. That is a load to be shared.",
)

# The tables of data (export.py) and what each holds.
TABLES: dict[str, str] = {
    "agents": "The agents",
    "figures": "Every figure of every agent, team and the whole, with its range",
    "groups": "The figures by queue, channel or label",
    "weeks": "The headline figures week by week",
    "changes": "What has changed for whom",
    "conversations": "The conversations, with what happened in each",
    "moments": "The moments that the agents' pages cite",
    "appeals": "Appeals against labels, and what became of them",
    "phrases": "The house's phrases",
}
