"""Tables that sort, filter and search: by mouse and by keys; without script all of their rows stand there."""

# ruff: noqa: E501 - scripts for the browser

import re

import chromium
import pytest
from selenium.webdriver.common.keys import Keys

KINDS = ("front", "conversations")
# The rows that are seen, each as the text of its heading.
ROWS = """
return [...document.querySelectorAll(`#${arguments[0]} tbody tr`)].filter(each => each.checkVisibility())
  .map(each => each.querySelector("th a, th").innerText.trim());
"""
# What a column says of every row that is seen: its value, null where there is none; rows of one word are left out.
COLUMN = """
const [id, place] = arguments;
return [...document.querySelectorAll(`#${id} tbody tr`)].map(row => row.cells[place]).filter(cell => cell && cell.colSpan === 1)
  .map(cell => cell.dataset.v === undefined ? null : Number(cell.dataset.v));
"""


@pytest.fixture(params=KINDS)
def table(request, browser, pages):
    """The id of the table with tools on a page that is open."""
    browser.open(pages[request.param].as_uri())
    return browser.run("return document.querySelector('[data-tools]').dataset.tools")


def tools(browser, table, role):
    """The tools of a table that are of this role and can be seen."""
    found = [each for part in role.split(", ") for each in browser.all(f"[data-tools='{table}'] {part}")]
    return [each for each in found if each.is_displayed()]


def status(browser, table):
    return browser.run("return document.querySelector(`[data-tools='${arguments[0]}'] [role=status]`).innerText", table)


def shown(browser, table, count):
    """Waits until so many rows are seen; gives them."""
    browser.wait_for(f"return (() => {{ {ROWS} }})(...arguments).length === arguments[1]", table, count)
    return browser.run(ROWS, table)


def heads(browser, table):
    return browser.all(f"#{table} thead th button")


def test_every_row_is_seen_and_counted_at_first(browser, table):
    rows = browser.run(ROWS, table)
    assert len(rows) > 5
    assert re.findall(r"\d+", status(browser, table)) == [str(len(rows))] * 2


def test_searching_keeps_the_rows_that_say_so_and_show_all_brings_all_back(browser, table):
    everything = browser.run(ROWS, table)
    search = tools(browser, table, "input[type=search]")[0]
    assert search.accessible_name
    search.send_keys("DEREK hollís" if "front" in browser.run("return location.pathname") else "derek hollis")
    kept = browser.wait_for(
        f"const rows = (() => {{ {ROWS} }})(...arguments); return rows.length < {len(everything)} && rows", table
    )
    assert 0 < len(kept) < len(everything)
    texts = browser.run(
        f"return [...document.querySelectorAll('#{table} tbody tr')].filter(each => each.checkVisibility()).map(each => each.innerText)"
    )
    assert all("Derek Hollis" in text for text in texts)
    assert status(browser, table).startswith(f"{len(kept)} of {len(everything)} ")
    tools(browser, table, "button")[0].click()
    assert shown(browser, table, len(everything)) == everything


def test_a_search_without_a_hit_says_so(browser, table):
    tools(browser, table, "input[type=search]")[0].send_keys("<b>nobody</b> (.*")
    assert shown(browser, table, 0) == []
    assert status(browser, table).startswith("0 of ")


def test_every_choice_and_every_box_keeps_some_rows_and_loses_others_or_none(browser, table):
    everything = browser.run(ROWS, table)
    for place, choice in enumerate(tools(browser, table, "select, input[type=checkbox]")):
        assert choice.accessible_name, place
        values = browser.run("return [...(arguments[0].options ?? [])].map(each => each.value).filter(Boolean)", choice)
        for value in values or ["on"]:
            browser.run(
                "const [input, value] = arguments; if (input.type === 'checkbox') input.checked = true; else input.value = value;"
                "input.dispatchEvent(new Event('input', {bubbles: true}))",
                choice,
                value,
            )
            count = browser.wait_for(
                "const rows = [...document.querySelectorAll(`#${arguments[0]} tbody tr`)].filter(each => each.checkVisibility()).length;"
                "const said = parseInt(document.querySelector(`[data-tools='${arguments[0]}'] [role=status]`).innerText.replace(/,/g, ''));"
                "return said === rows && [rows]",
                table,
            )[0]
            assert count <= len(everything)
        tools(browser, table, "button")[0].click()
        assert shown(browser, table, len(everything)) == everything


@pytest.mark.parametrize("press", ["click", Keys.ENTER, Keys.SPACE], ids=["click", "enter", "space"])
def test_a_heading_sorts_one_way_then_the_other_then_not_at_all(browser, table, press):
    natural = browser.run(ROWS, table)
    seen = set()
    for place, head in enumerate(heads(browser, table)):
        assert head.accessible_name
        orders = []
        for _ in range(3):
            if press == "click":
                head.click()
            else:
                browser.run("arguments[0].focus()", head)
                browser.press(press)
            direction = browser.run("return arguments[0].closest('th').getAttribute('aria-sort')", head)
            orders.append((direction, browser.run(ROWS, table)))
            values = [each for each in browser.run(COLUMN, table, place) if each is not None]
            if values and direction:
                assert values == sorted(values, reverse=direction == "descending"), head.accessible_name
        assert {direction for direction, _ in orders[:2]} == {"ascending", "descending"}
        assert orders[2] == (None, natural)
        assert sorted(orders[0][1]) == sorted(natural)
        seen.add(tuple(orders[0][1]))
    assert len(seen) > 1


SEEN = "return [...document.querySelectorAll('tbody tr')].filter(each => each.checkVisibility()).length"


def test_a_phone_has_a_choice_in_the_place_of_headings(browser, pages):
    browser.look(chromium.PHONES[0])
    for kind in KINDS:
        browser.open(pages[kind].as_uri())
        table = browser.run("return document.querySelector('[data-tools]').dataset.tools")
        natural = browser.run(ROWS, table)
        choice = next(each for each in tools(browser, table, "select") if each.accessible_name.startswith("Sort by"))
        values = browser.run("return [...arguments[0].options].map(each => each.value)", choice)
        orders = {}
        for value in (*values[1:], values[0]):
            browser.run(
                "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))", choice, value
            )
            orders[value] = browser.run(ROWS, table)
        assert values[0] == ""
        assert orders[""] == natural
        assert any(order != natural for order in orders.values())


def test_without_script_every_row_is_there_and_no_tool_that_would_do_nothing(browser, pages):
    for kind in KINDS:
        browser.open(pages[kind].as_uri())
        with_script = browser.run(SEEN)
        with browser.without_script():
            browser.open(pages[kind].as_uri())
            assert browser.run(SEEN) == with_script
            assert not [each for each in browser.all("button, input, select") if each.is_displayed()]
