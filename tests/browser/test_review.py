"""The review page in a real browser: by keys alone, on phones and desks, by day and night, with nasty texts."""

import threading
from datetime import UTC, datetime

import chromium
import hostile
import polars as pl
import pytest
from selenium.webdriver.common.keys import Keys

from empathy_scan.review import questions
from empathy_scan.review.agreement import first_answers
from empathy_scan.review.queue import CHANCES, Draw, Item, Queue
from empathy_scan.review.server import ReviewServer

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
SAID = (
    (
        "agent",
        "I understand your frustration. Three weeks without a fridge, with a baby: no wonder.",
        "SA0",
    ),
    ("customer", "You people are useless and I will find out where you live.", "2it"),
    ("agent", "It is our policy. Calm down.", "1"),
    ("customer", "My bill is forty euros higher than last month.", "0"),
)


def turn(number, role, text, codes):
    model = questions.said(role, codes, int("".join(filter(str.isdigit, codes))), codes)
    context = (
        ("customer", "Nobody has called me back."),
        ("system", "You are next."),
        ("agent", "Hello, how can I help?"),
    )
    return Item(
        f"t_{number:012x}",
        f"c{number}",
        3,
        role,
        "noor",
        text,
        context,
        model,
        ("", "", ""),
        "random",
        1,
        everyone=True,
    )


def serve(folder, turns):
    """A server of a queue of these turns, at work in a thread."""
    queue = Queue(folder)
    items = tuple(turn(number, *each) for number, each in enumerate(turns))
    queue.add_draw(Draw(1, {}, items, datetime(2026, 10, 5, tzinfo=UTC)), pl.DataFrame(schema=CHANCES))
    server = ReviewServer(queue)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    return queue, server


@pytest.fixture
def desk(tmp_path):
    queue, server = serve(tmp_path / "queue", SAID)
    yield queue, server
    server.shutdown()
    server.server_close()


@pytest.fixture
def begun(browser, desk):
    """The page with the first turn of Ana."""
    begin(browser, desk[1])
    return desk[0]


def begin(browser, server, name="Ana"):
    browser.open(server.address)
    browser.run("sessionStorage.clear(); localStorage.clear(); location.reload()")
    browser.wait_for("return !document.getElementById('start').hidden && document.activeElement.id === 'name'")
    browser.press(name + Keys.ENTER)
    browser.wait_for("return !document.getElementById('work').hidden")


def shown(browser):
    return browser.run("return document.getElementById('focus-text').textContent")


def of_agent(browser):
    return "agent" in browser.run("return document.getElementById('turn-title').textContent")


def answer(browser):
    """The first answer to every question, by keys; saved."""
    browser.press("11111" if of_agent(browser) else "1")
    browser.press(Keys.ENTER)
    browser.wait_for("return !document.getElementById('model').hidden")


def test_by_keys_alone_every_turn_is_answered_and_kept(browser, begun):
    seen = set()
    for count in range(1, len(SAID) + 1):
        seen.add(shown(browser))
        assert browser.run("return document.getElementById('model').hidden")
        answer(browser)
        assert len(begun.answers()) == count
        browser.press(Keys.ENTER)
        browser.wait_for("return document.getElementById('model').hidden || !document.getElementById('end').hidden")
    browser.wait_for("return !document.getElementById('end').hidden")
    assert seen == {text for _, text, _ in SAID}
    assert browser.run("return document.getElementById('progress').textContent") == "4 answered, 0 to go"
    assert browser.complaints() == []


def test_what_the_keys_say_is_what_is_kept(browser, begun):
    while "policy" not in shown(browser):
        answer(browser)
        browser.press(Keys.ENTER)
        browser.wait_for("return document.getElementById('model').hidden")
    browser.press("12023" + "csharp words" + Keys.ESCAPE + Keys.ENTER)
    browser.wait_for("return !document.getElementById('model').hidden")
    kept = next(each for each in begun.answers() if each.id == "t_000000000002")
    assert dict(kept.labels) == {"S": "yes", "A": "no", "X": "?", "O": "no", "tone": "2"}
    assert (kept.reviewer, kept.comment) == ("Ana", "sharp words")


def test_the_model_is_nowhere_on_the_page_before_the_answer_and_in_words_after_it(browser, begun):  # noqa: ARG001
    assert browser.run("return document.getElementById('compared').children.length") == 0
    answer(browser)
    rows = browser.run(
        "return [...document.querySelectorAll('#compared tr')].map(row => [...row.cells].map(cell => cell.textContent))"
    )
    assert rows
    assert {row[3] for row in rows} <= {"same", "differs"}
    assert all((row[1] == row[2]) == (row[3] == "same") for row in rows)
    same = sum(row[3] == "same" for row in rows)
    told = browser.run("return document.getElementById('agreed').textContent")
    assert told == f"You and the model agree on {'everything' if same == len(rows) else f'{same} of {len(rows)}'}."
    assert browser.run("return document.getElementById('said').textContent") == f"Saved. {told}"
    assert browser.run("return document.activeElement.id") == "model-title"


def test_nothing_is_saved_before_every_question_is_answered(browser, begun):
    browser.press("1" + Keys.ENTER) if "agent" in browser.run(
        "return document.getElementById('turn-title').textContent"
    ) else browser.press(Keys.ENTER)
    assert "Not answered yet" in browser.run("return document.getElementById('open').textContent")
    assert begun.answers() == []


def test_kinds_of_attack_are_asked_only_of_hostile_turns(browser, begun):  # noqa: ARG001
    while "useless" not in shown(browser):
        answer(browser)
        browser.press(Keys.ENTER)
        browser.wait_for("return document.getElementById('model').hidden")
    count = "return [...document.querySelectorAll('#questions fieldset')].filter(each => !each.hidden).length"
    assert browser.run(count) == 1
    browser.press("3")
    assert browser.run(count) == 5
    browser.press(Keys.ARROW_UP + "1")
    assert browser.run(count) == 1


def test_u_goes_back_and_a_second_thought_stands_beside_the_first_answer(browser, begun):
    first = shown(browser)
    answer(browser)
    browser.press(Keys.ENTER)
    browser.wait_for("return document.getElementById('model').hidden")
    assert shown(browser) != first
    browser.press("u")
    browser.wait_for("return !document.getElementById('model').hidden")
    assert shown(browser) == first
    browser.press("u")
    browser.wait_for("return document.getElementById('model').hidden")
    browser.press(("22222" if of_agent(browser) else "2") + Keys.ENTER)
    browser.wait_for("return !document.getElementById('model').hidden")
    assert [each.again for each in begun.answers()] == [False, True]
    kept = next(iter(first_answers(begun.answers()).values()))
    assert kept.labels["tone"] == "0"


def test_closed_and_opened_again_the_page_goes_on_where_it_was(browser, desk):
    queue, server = desk
    begin(browser, server)
    answer(browser)
    browser.open("about:blank")
    browser.open(server.address)
    browser.wait_for("return !document.getElementById('work').hidden")
    assert browser.run("return document.getElementById('progress').textContent") == "1 answered, 3 to go"
    assert len(queue.answers()) == 1


def test_single_keys_can_be_turned_off(browser, begun):  # noqa: ARG001
    browser.press("?")
    assert browser.run("return document.getElementById('helping').open")
    browser.run("document.getElementById('single').click()")
    browser.press(Keys.ESCAPE)
    browser.press("1")
    assert browser.run("return document.querySelectorAll('#questions :checked').length") == 0


def test_it_is_said_when_the_program_has_ended_and_the_answer_stays_on_the_page(browser, desk):
    queue, server = desk
    begin(browser, server)
    server.shutdown()
    server.server_close()
    browser.press("11111" + Keys.ENTER)
    browser.wait_for("return !document.getElementById('trouble').hidden")
    assert browser.run("return document.querySelectorAll('#questions :checked').length") > 0
    assert queue.answers() == []


@pytest.mark.parametrize("stage", ["start", "turn", "answered", "help"])
def test_axe_finds_nothing_and_nothing_sticks_out(browser, desk, stage):
    browser.open(desk[1].address)
    browser.run("sessionStorage.clear(); localStorage.clear(); location.reload()")
    browser.wait_for("return !document.getElementById('start').hidden")
    if stage != "start":
        begin(browser, desk[1])
    if stage == "answered":
        answer(browser)
    if stage == "help":
        browser.press("?")
    found = {}
    for size in (chromium.DESKTOPS[0], chromium.PHONES[0]):
        for dark in (False, True):
            browser.look(size, dark=dark)
            found |= {
                (size, dark, each["id"]): [node["html"][:200] for node in each["nodes"]]
                for each in browser.audit(RULES)
            }
        assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
    assert found == {}


def test_strange_texts_run_nothing_and_widen_nothing(browser, tmp_path):
    texts = [*hostile.NASTY.values(), *(word[:3000] for word in hostile.WORDS.values())]
    _, server = serve(tmp_path / "queue", [("customer", text, "0") for text in texts])
    try:
        begin(browser, server, name="<img src=x onerror=window.hacked=1>")
        browser.look(chromium.PHONES[0])
        for _ in texts:
            assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
            answer(browser)
            browser.press(Keys.ENTER)
            browser.wait_for("return document.getElementById('model').hidden || !document.getElementById('end').hidden")
        assert browser.run("return window.hacked") is None
        assert browser.complaints() == []
        assert {address.partition("/")[2].partition("/")[2].partition("/")[0] for address in browser.requests()
                if address.startswith("http")} == {f"127.0.0.1:{server.server_address[1]}"}  # fmt: skip
    finally:
        server.shutdown()
        server.server_close()
