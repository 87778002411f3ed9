"""Every speaker becomes agent or customer for a stated reason, or the conversation is rejected with a remedy."""

import re
from datetime import UTC, datetime
from importlib import resources

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empathy_scan import roles
from empathy_scan.config import ReadConfig, RolesConfig
from empathy_scan.errors import ConfigError
from empathy_scan.role_phrases import ACTS, BOT, MACHINE
from empathy_scan.tables import REJECTS, TURNS

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)
HELP = "Good morning, how can I help you today?"
WANT = "I'm calling about my order, it never arrived."


def turn(conversation, number, speaker, text, *, role="unknown", agent_id=None, source="column role"):
    return {
        "conversation_id": conversation, "channel": "call", "queue": None, "started_at": MONDAY,
        "turn": number, "role": role, "role_source": "" if role == "unknown" else source, "speaker": speaker,
        "agent_id": agent_id, "start": None, "end": None, "text": text, "source": f"{conversation}.txt",
        "format": "text",
    }  # fmt: skip


def frame(*rows):
    return pl.DataFrame(rows, schema=dict(TURNS.columns), orient="row")


def said(*pairs, conversation="c1"):
    return frame(*(turn(conversation, number, speaker, text) for number, (speaker, text) in enumerate(pairs)))


def assign(turns, *, config=None, read=None):
    return roles.assign(turns, config or RolesConfig(), read or ReadConfig())


def mail_threads(*pairs):
    """Threads in which the second address answers the first; what they write tells nothing about roles."""
    rows = []
    for number, (one, other) in enumerate(pairs):
        rows += [turn(f"m{number}", 0, one, "The chair is blue."), turn(f"m{number}", 1, other, "It is, indeed.")]
    return frame(*rows)


def test_explicit_roles_stay_with_their_source():
    turns = frame(turn("c1", 0, "Ann", WANT, role="agent", agent_id="Ann"), turn("c1", 1, "Bo", HELP, role="customer"))
    found, rejects = assign(turns)
    assert found.select("role", "role_source").rows() == [("agent", "column role"), ("customer", "column role")]
    assert rejects.is_empty()


def test_the_settings_decide_before_anything_is_inferred():
    config = RolesConfig(roles={"speaker 1 ": "agent", "Speaker 2": "customer"})
    found, _ = assign(said(("Speaker 1", WANT), ("Speaker 2", HELP)), config=config)
    assert found.select("role", "role_source").rows() == [("agent", "settings: roles"), ("customer", "settings: roles")]


def test_the_channel_map_decides():
    found, _ = assign(
        said(("ch_0", "Yes."), ("ch_1", "No.")), read=ReadConfig(channel_roles={"ch_0": "customer", "ch_1": "agent"})
    )
    assert found["role"].to_list() == ["customer", "agent"]
    assert set(found["role_source"]) == {"settings: channel map"}


MAIL_REMEDY = "say which mail is the agents': --agent-domain DOMAIN, or agent_addresses under [read] in the settings"


@pytest.mark.parametrize("role", ["Agent", "boss", "unknown", ""])
def test_a_role_that_is_none_is_refused(role):
    with pytest.raises(ConfigError, match="no such role"):
        assign(said(("A", "Yes.")), config=RolesConfig(roles={"A": role}))


@pytest.mark.parametrize(
    "read",
    [
        ReadConfig(agent_domains=("Larkfield.example",)),
        ReadConfig(agent_domains=("example",)),
        ReadConfig(agent_addresses=("mo@larkfield.example",)),
    ],
)
def test_agent_addresses_decide_a_thread(read):
    found, _ = assign(mail_threads(("ida@example.org", "Mo@larkfield.example")), read=read)
    assert found.select("role", "role_source").rows() == [
        ("customer", "settings: writes to an agent"), ("agent", "settings: agent address"),
    ]  # fmt: skip


def test_the_domain_that_writes_in_most_threads_is_the_agents():
    threads = mail_threads(*((f"p{number}@mail{number}.example", "mo@larkfield.example") for number in range(4)))
    found, rejects = assign(threads)
    assert rejects.is_empty()
    assert set(found.filter(role="agent")["role_source"]) == {
        "inferred: larkfield.example writes in 4 of 4 mail threads"
    }
    assert set(found.filter(role="customer")["role_source"]) == {"inferred: writes to larkfield.example"}
    assert set(found["agent_id"].drop_nulls()) == {"mo"}


@pytest.mark.parametrize(
    "pairs",
    [
        pytest.param([("p@a.example", "mo@b.example")] * 2, id="too few threads"),
        pytest.param([(f"p{n}@gmail.com", "mo@gmail.com") for n in range(5)], id="one domain for all"),
        pytest.param([("p@a.example", "mo@b.example")] * 5, id="always the same two people"),
    ],
)
def test_mail_without_a_clear_domain_is_rejected(pairs):
    found, rejects = assign(mail_threads(*pairs))
    assert found.is_empty()
    assert len(rejects) == len(pairs)


def test_customers_of_a_public_mail_domain_are_not_the_agents():
    threads = mail_threads(*((f"p{number}@gmail.com", f"agent{number % 2}@larkfield.example") for number in range(6)))
    found, _ = assign(threads)
    assert set(found.filter(pl.col("speaker").is_not_null())["speaker"]) == {
        "agent0@larkfield.example",
        "agent1@larkfield.example",
    }


@pytest.mark.parametrize("labels", [("Speaker 1", "Speaker 2"), ("A", "B"), ("spk_0", "spk_1"), (None, "x")])
@pytest.mark.parametrize(
    ("agent", "customer"),
    [
        (HELP, "Hello."),
        ("You’re through to Larkfield deliveries.", "Hello."),
        ("Could I take your order number?", "It is on the box."),
        ("Is there anything else I can help you with today?", "No."),
        ("Hello.", WANT),
        ("Hello.", "I want a refund."),
        ("I do apologise for that, sir.", "My order is late, are you a real person?"),
    ],
)
def test_two_speakers_are_told_apart_by_what_they_say(labels, agent, customer):
    for turns, expected in (
        (said((labels[0], agent), (labels[1], customer)), ["agent", "customer"]),
        (said((labels[0], customer), (labels[1], agent)), ["customer", "agent"]),
    ):
        found, rejects = assign(turns)
        assert found["role"].to_list() == expected
        assert rejects.is_empty()
        assert all(re.match(r"inferred, 9\d% sure: ", reason) for reason in found["role_source"])


def test_a_reason_says_what_is_done_and_quotes_nobody():
    found, _ = assign(said(("A", "Ada Quist here, HOW CAN I HELP, Mr Vole?"), ("B", "Zebra.")))
    assert [reason.partition(": ")[2] for reason in found["role_source"]] == [
        "offers help (turn 0)", "the other speaker offers help (turn 0)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    [("Yes.", "No."), (HELP, HELP), (WANT, WANT), ("I called on Monday.", "Yes."), ("Like, how can I helper.", "No.")],
)
def test_speakers_who_sound_alike_are_rejected_with_a_remedy(one, other):
    found, rejects = assign(said(("Speaker 1", one), ("Speaker 2", other)))
    assert found.is_empty()
    assert rejects.select("source", "place", "error", "remedy").rows() == [
        ("c1.txt", "c1", "InputError",
         ('say who is who: --role "Speaker 1=agent", or "Speaker 1" = "agent" under [roles.roles] in the settings, '
          "for all that is read, or --speakers FILE for this conversation")),
    ]  # fmt: skip
    reason = r"2 speaker\(s\) have no role: they sound too much alike \(\d\d% sure, 95% needed\)"
    assert re.fullmatch(reason, rejects["reason"][0])


def test_two_people_who_tell_stories_are_no_agent_and_customer():
    one = (
        "The road went down to the sea between two walls, and the old man sat there every evening with his dog. "
        "She had been told that nobody lived in the house on the hill, and yet there was a lamp in the window."
    )
    other = (
        "In autumn the herons came back to the marsh, and the boys counted them from the roof of the mill. "
        "He carried the ladder across the yard, set it against the wall, and looked at the sky for a long time."
    )
    found, rejects = assign(said(("A", one), ("B", other), ("A", other), ("B", one)))
    assert found.is_empty()
    assert rejects.height == 1


def test_the_weights_are_small_enough_for_a_package():
    assert resources.files("empathy_scan").joinpath("role_weights.json").stat().st_size < 300_000


def test_mail_that_stays_undecided_asks_for_the_agents_domain():
    _, rejects = assign(mail_threads(("p@a.example", "mo@b.example"), ("q@c.example", "r@c.example")))
    assert rejects.select("reason", "remedy").rows() == [
        ("2 speaker(s) have no role: which of 2 mail domains is the agents' is not clear", MAIL_REMEDY),
        ("2 speaker(s) have no role: all write from one mail domain", MAIL_REMEDY),
    ]  # fmt: skip
    assert "@" not in "".join(rejects["reason"].to_list() + rejects["remedy"].to_list())


@pytest.mark.parametrize("speaker", ["Speaker 1", "ida@example.org"])
def test_a_conversation_with_one_speaker_is_rejected_as_such(speaker):
    _, rejects = assign(said((speaker, "Yes."), (speaker, "No.")))
    assert rejects["reason"].to_list() == ["1 speaker(s) have no role: only one speaker"]


def test_a_transfer_has_two_agents():
    found, _ = assign(
        said(
            ("A", HELP),
            ("B", WANT),
            ("A", "I'll put you through to repairs."),
            ("B", "Fine."),
            ("C", "Repairs, this is Sam, how may I help? Can I take your order number?"),
            ("B", "Hi, it never came."),
        )
    )
    assert found["role"].to_list() == ["agent", "customer", "agent", "customer", "agent", "customer"]


def test_the_only_other_speaker_gets_the_missing_role():
    turns = frame(
        turn("c1", 0, "Mo", "Good day.", role="agent", agent_id="Mo"), turn("c1", 1, "Speaker 2", "The chair is blue.")
    )
    found, _ = assign(turns)
    assert found["role"].to_list() == ["agent", "customer"]
    assert found["role_source"].to_list()[1] == "inferred: the only other speaker"


def test_a_third_speaker_who_says_next_to_nothing_is_left_out():
    long = "The chair is blue and it came without the legs that I had asked for in the shop. " * 3
    found, rejects = assign(said(("A", HELP), ("B", f"{WANT} {long}"), ("C", "Mum?")))
    assert found["role"].to_list() == ["agent", "customer", "system"]
    assert rejects.is_empty()


def test_a_third_speaker_who_says_much_leaves_the_conversation_undecided():
    found, rejects = assign(said(("A", HELP), ("B", WANT), ("C", "The chair is blue and it came without the legs.")))
    assert found.is_empty()
    assert rejects["reason"][0].startswith("1 speaker(s) have no role: it is not clear from what is said (")


def test_somebody_beside_the_customer_is_a_customer():
    found, rejects = assign(
        said(
            ("A", HELP), ("B", WANT), ("A", "Can I take your order number, please?"),
            ("C", "My husband ordered it on Monday, I paid for it, it's ridiculous, I want my money back."),
            ("A", "I do apologise, let me look into that for you."), ("B", "I've been waiting for a week."),
        )
    )  # fmt: skip
    assert found["role"].to_list() == ["agent", "customer", "agent", "customer", "agent", "customer"]
    assert rejects.is_empty()


VIRTUAL = "Hi, I'm your virtual assistant. Tell me in a few words what this is about."
MENU = "Your call is important to us. For billing, press 1. For repairs, press 2."


@pytest.mark.parametrize("machine", [VIRTUAL, MENU])
def test_a_bot_or_a_menu_before_the_agent_is_system(machine):
    found, rejects = assign(said(("A", machine), ("B", "Hello?"), ("C", HELP), ("B", WANT)))
    assert found["role"].to_list() == ["system", "customer", "agent", "customer"]
    assert rejects.is_empty()


def test_a_customer_who_talks_to_a_bot_alone_has_no_agent():
    _, rejects = assign(
        said(("A", VIRTUAL), ("B", f"{WANT} I want my money back."), ("A", "Sorry, I did not get that."))
    )
    assert rejects["reason"].to_list() == ["no agent turn"]


def test_an_agent_who_explains_a_menu_is_no_machine():
    steps = "Go to settings, enter your password, then press 1 to confirm. Is there anything else I can help you with?"
    found, _ = assign(said(("A", "I can't log in, my password won't work."), ("B", steps)))
    assert found["role"].to_list() == ["customer", "agent"]


def test_a_higher_confidence_leaves_more_open():
    turns = said(("A", "Could I take your order number?"), ("B", "It is on the box."))
    sure = RolesConfig(confidence=0.999)
    assert assign(turns)[1].is_empty()
    assert assign(turns, config=sure)[1]["reason"].str.contains("99% needed").all()


def unclear_among(number, labels, *, turned=(), **fields):
    """That many clear conversations of one file, and one in which both speakers say next to nothing."""
    clear = [
        said(*(((labels[0], HELP), (labels[1], WANT)) if at not in turned else ((labels[1], WANT), (labels[0], HELP))),
             conversation=f"c{at:02}")
        for at in range(number)
    ]  # fmt: skip
    unclear = said((labels[0], "Yes."), (labels[1], "No."), conversation="unclear")
    return pl.concat([*clear, unclear]).with_columns(source=pl.lit("calls/all.csv"), **fields)


def test_a_channel_that_is_the_agents_in_an_export_is_so_in_an_unclear_call():
    found, rejects = assign(unclear_among(30, ("ch_0", "ch_1")))
    assert rejects.is_empty()
    last = found.filter(conversation_id="unclear")
    assert last["role"].to_list() == ["agent", "customer"]
    assert last["role_source"][0].endswith("ch_0 is the agent's in 30 of 30 other conversations of this export")


def test_files_of_one_folder_and_format_are_one_export():
    turns = unclear_among(30, ("ch_0", "ch_1")).with_columns(source=pl.format("calls/{}.json", "conversation_id"))
    assert assign(turns)[1].is_empty()
    assert assign(turns.with_columns(source=pl.format("{}/call.json", "conversation_id")))[1].height == 1


@pytest.mark.parametrize(
    ("number", "labels"), [(8, ("ch_0", "ch_1")), (30, ("Speaker 1", "Speaker 2")), (30, ("A", "B"))]
)
def test_few_calls_and_labels_that_may_be_an_order_do_not_decide_an_unclear_call(number, labels):
    assert assign(unclear_among(number, labels))[1]["place"].to_list() == ["unclear"]


def test_a_number_that_keeps_its_meaning_whoever_speaks_first_is_a_channel():
    assert assign(unclear_among(30, ("0", "1"), turned=range(0, 30, 3)))[1].is_empty()


def test_a_name_that_is_the_agents_in_an_export_is_so_in_an_unclear_call_and_is_not_told():
    found, _ = assign(unclear_among(30, ("Dana Lopez", "Visitor")))
    last = found.filter(conversation_id="unclear")
    assert last["role"].to_list() == ["agent", "customer"]
    assert "Dana" not in "".join(last["role_source"])


def test_what_is_clear_stays_clear_against_the_habit_of_an_export():
    odd = said(("ch_0", f"{WANT} I want my money back."), ("ch_1", f"{HELP} Thank you for calling Larkfield."))
    turns = pl.concat([unclear_among(30, ("ch_0", "ch_1")), odd.with_columns(source=pl.lit("calls/all.csv"))])
    assert assign(turns)[0].filter(conversation_id="c1")["role"].to_list() in ([], ["customer", "agent"])


@pytest.mark.parametrize(
    ("given", "label"), [("ch_0", "ch_0/1"), ("0", "ch_0"), ("Channel 0", "ch_0"), ("CH_0", "ch_0")]
)
def test_a_channel_map_knows_the_ways_of_writing_a_channel(given, label):
    found, _ = assign(said((label, "Yes."), ("ch_1", "No.")), read=ReadConfig(channel_roles={given: "agent"}))
    assert found["role"].to_list() == ["agent", "customer"]


def test_the_speakers_are_told_with_reason_and_confidence():
    told = roles.speakers(said(("A", HELP), ("B", WANT), ("A", "Yes.")), RolesConfig(), ReadConfig())
    assert told.select("speaker", "role", "turns").rows() == [("A", "agent", 2), ("B", "customer", 1)]
    assert told["sure"].min() > 0.95
    open_ones = roles.speakers(said(("A", "Yes."), ("B", "No.")), RolesConfig(), ReadConfig())
    assert set(open_ones["role"]) == {"unknown"}
    assert open_ones["sure"].max() < 0.95


def test_without_inference_unknown_speakers_are_rejected():
    found, rejects = assign(said(("A", HELP), ("B", WANT)), config=RolesConfig(infer=False))
    assert found.is_empty()
    assert rejects["reason"].to_list() == ["2 speaker(s) have no role: roles.infer is off"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (("agent", "system"), "no customer turn"),
        (("customer",), "no agent turn"),
        (("system",), "no agent turn and no customer turn"),
    ],
)
def test_a_conversation_without_one_side_is_rejected(given, reason):
    found, rejects = assign(frame(*(turn("c1", number, "X", "Yes.", role=role) for number, role in enumerate(given))))
    assert found.is_empty()
    assert rejects["reason"].to_list() == [reason]


def test_a_reject_leaves_other_conversations_alone():
    turns = pl.concat([said(("A", HELP), ("B", WANT)), said(("A", "Yes."), ("B", "No."), conversation="c2")])
    found, rejects = assign(turns)
    assert set(found["conversation_id"]) == {"c1"}
    assert rejects["place"].to_list() == ["c2"]


def test_a_personal_label_never_stands_in_a_reject():
    _, rejects = assign(said(("Ada Quist", "Yes."), ("Bo Vole", "No.")))
    assert "LABEL=agent" in rejects["remedy"][0]


@pytest.mark.parametrize(
    ("agent_id", "speaker", "key"),
    [
        ("Tom Brennan", None, "tom.brennan"),
        ("tom.brennan@larkfield.example", None, "tom.brennan"),
        ("Tom.Brennan@mail.larkfield.example", None, "tom.brennan"),
        ("Tom Brennan <tom.brennan@larkfield.example>", None, "tom.brennan"),
        ("Brennan, Tom", None, "tom.brennan"),
        (" tom.brennan ", "Agent", "tom.brennan"),
        ("tom@other.example", None, "tom@other.example"),
        ("1042", None, "1042"),
        (None, "Tom Brennan", "tom.brennan"),
        (None, "Agent 1", "unknown-agent"),
        ("Speaker 1", "Speaker 1", "unknown-agent"),
        ("spk_0", None, "unknown-agent"),
        ("SPEAKER_A", "SPEAKER_A", "unknown-agent"),
        (None, "spk_10", "unknown-agent"),
        (None, "ch_0_1", "unknown-agent"),
        (None, "M1", "unknown-agent"),
        (None, "1A", "unknown-agent"),
        (None, "12", "unknown-agent"),
        (None, "Guest-1", "unknown-agent"),
        ("12", "Agent", "12"),
        ("M1", "Agent", "m1"),
        ("", "", "unknown-agent"),
        (None, None, "unknown-agent"),
        ("Pat", None, "pat"),
        ("Chi", None, "chi"),
    ],
)
def test_an_agent_has_one_key_however_it_is_written(agent_id, speaker, key):
    turns = frame(
        turn("c1", 0, speaker, HELP, role="agent", agent_id=agent_id), turn("c1", 1, "Ida", WANT, role="customer")
    )
    found, _ = assign(turns, read=ReadConfig(agent_domains=("larkfield.example",)))
    assert found["agent_id"].to_list() == [key, None]


def test_only_agents_keep_their_label():
    turns = frame(
        turn("c1", 0, "Mo", HELP, role="agent"), turn("c1", 1, "Ida", WANT, role="customer", agent_id="Ida"),
        turn("c1", 2, "Bot", "Bye.", role="system", agent_id="bot"),
    )  # fmt: skip
    found, _ = assign(turns)
    assert found["speaker"].to_list() == ["Mo", None, None]
    assert found["agent_id"].to_list() == ["mo", None, None]


def test_every_phrase_counts_once_and_for_one_side():
    phrases = [phrase for _, group in ACTS.values() for phrase in group]
    assert len(phrases) == len(set(phrases))
    told = [*phrases, *MACHINE, *BOT]
    assert all(phrase == phrase.lower() and "’" not in phrase for phrase in told)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["c1", "c2", "c3"]),
            st.sampled_from([None, "A", "Speaker 1", "ida@example.org", "mo@larkfield.example", "Tom Brennan"]),
            st.sampled_from(["agent", "customer", "system", "unknown"]),
            st.sampled_from([HELP, WANT, "", "Yes.", "my order", "bear with me"]),
        ),
        max_size=14,
    )
)
def test_every_conversation_is_either_decided_or_rejected(rows):
    turns = frame(
        *(
            turn(conversation, number, speaker, text, role=role)
            for number, (conversation, speaker, role, text) in enumerate(rows)
        )
    )
    found, rejects = assign(turns)
    assert found.schema == pl.Schema(TURNS.columns)
    assert rejects.schema == pl.Schema(REJECTS.columns)
    assert set(found["role"]) <= {"agent", "customer", "system"}
    assert set(found["conversation_id"]) | set(rejects["place"]) == set(turns["conversation_id"])
    assert not set(found["conversation_id"]) & set(rejects["place"])
    assert found.filter(pl.col("role") == "agent")["agent_id"].null_count() == 0
    assert (
        found.filter(pl.col("role") != "agent").select("speaker", "agent_id").null_count().row(0)
        == (found.filter(pl.col("role") != "agent").height,) * 2
    )
