"""The review page's server: for this machine and its own page only, and it tells of the model only after an answer."""

import json
import threading
from http.client import HTTPConnection

import pytest
import review_frames as frames

from empathy_scan.errors import UsageError
from empathy_scan.review import agreement, questions
from empathy_scan.review.desk import Desk
from empathy_scan.review.sample import Wish, draw
from empathy_scan.review.server import ReviewServer


@pytest.fixture
def drawn(contents, queue):
    draw(contents, queue, Wish(size=20, overlap=0.4))
    return queue


@pytest.fixture
def server(drawn):
    with ReviewServer(drawn) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def request(server, method, path, body=None, **headers):
    """Status, headers and content of what is answered."""
    port = server.server_address[1]
    own = {"Host": f"127.0.0.1:{port}"}
    if method == "POST":
        own |= {"Origin": f"http://127.0.0.1:{port}", "Content-Type": "application/json"}
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {name: value for name, value in {**own, **named}.items() if value is not None}
    connection.request(
        method, path, body if body is None or isinstance(body, bytes) else json.dumps(body).encode(), sent
    )
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, dict(answer.headers), content


def post(server, what, **body):
    status, _, content = request(server, "POST", f"/{server.token}/api/{what}", body)
    return status, json.loads(content)


def complete(turn, **labels):
    """Answers to all questions of a turn as the page gets it."""
    return {each["key"]: labels.get(each["key"], each["choices"][0]["value"] if each["key"] == "tone" else "no")
            for each in turn["questions"]}  # fmt: skip


def test_the_page_and_its_files_are_there_and_forbid_everything_from_elsewhere(server):
    for path in ("", "style.css", "review.css", "review.js"):
        status, headers, content = request(server, "GET", f"/{server.token}/{path}")
        assert status == 200
        assert content
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    page = request(server, "GET", f"/{server.token}/")[2].decode()
    assert "http://" not in page
    assert "https://" not in page
    assert " style=" not in page
    assert "<script>" not in page


@pytest.mark.parametrize(
    "path", ["/", "/wrong/", "/{token}", "/x/{token}/", "/{token}/../../etc/passwd", "/{token}/x", "/api/next"]
)
def test_without_the_token_and_beside_the_page_there_is_nothing(server, path):
    assert request(server, "GET", path.format(token=server.token))[0] == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "evil.example:80", ""])
def test_a_foreign_name_for_this_machine_gets_nothing(server, host):
    """A page elsewhere whose name is made to lead here (DNS rebinding) sends its own name."""
    status, _, content = request(server, "GET", f"/{server.token}/", Host=host)
    assert status == 421
    assert b"<html" not in content


@pytest.mark.parametrize(
    "headers",
    [{"Origin": None}, {"Origin": "null"}, {"Origin": "http://evil.example"}, {"Origin": "http://127.0.0.1:1"},
     {"Sec_Fetch_Site": "cross-site"}],
    ids=str,
)  # fmt: skip
def test_other_pages_cannot_send_answers(server, drawn, headers):
    status, _, _ = request(server, "POST", f"/{server.token}/api/next", {"reviewer": "Ana"}, **headers)
    assert status == 403
    assert drawn.answers() == []


@pytest.mark.parametrize(
    ("body", "headers"),
    [(b"{", {}), (b"[]", {}), (b"", {}), (b"[" * 60_000, {}), (b"{}" * 40_000, {}),
     (b"{}", {"Content_Type": "text/plain"}), (b"{}", {"Content_Length": "-1"})],
    ids=["cut", "list", "empty", "deep", "long", "text", "negative"],
)  # fmt: skip
def test_what_is_no_question_of_the_page_is_refused(server, body, headers):
    assert request(server, "POST", f"/{server.token}/api/next", body, **headers)[0] == 400


@pytest.mark.parametrize(
    "asked",
    [{}, {"reviewer": " "}, {"reviewer": 7}, {"reviewer": "a" * 81}],
    ids=["none", "blank", "number", "long"],
)
def test_nobody_gets_a_turn_without_a_name(server, asked):
    status, told = post(server, "next", **asked)
    assert status == 400
    assert told["error"]


def test_only_an_address_of_this_machine_is_taken(drawn):
    for host in ("0.0.0.0", "192.168.1.5", "::", "example.org"):  # noqa: S104 - refused
        with pytest.raises(UsageError, match="this machine only"):
            ReviewServer(drawn, host=host)
    with ReviewServer(drawn) as server:
        assert server.server_address[0] == "127.0.0.1"
        with pytest.raises(UsageError, match="--port"):
            ReviewServer(drawn, port=server.server_address[1])


def test_the_model_is_told_only_after_an_answer(server, drawn):
    _, told = post(server, "next", reviewer="Ana")
    turn = told["turn"]
    item = next(each for each in drawn.items() if each.id == turn["id"])
    assert set(turn) == {"id", "role", "text", "context", "questions"}
    assert "model" not in json.dumps(told)
    assert post(server, "again", reviewer="Ana", id=turn["id"])[0] == 400
    status, saved = post(server, "save", reviewer="Ana", id=turn["id"], labels=complete(turn), comment="ok")
    assert (status, saved["saved"], saved["done"]) == (200, True, 1)
    rows = {row["key"]: row for row in saved["compared"]}
    tone = next(each for each in questions.of(item.role) if each.key == "tone")
    assert rows["tone"]["model"] == tone.named(item.model["tone"])
    assert saved["agreed"] == sum(row["same"] for row in saved["compared"])
    assert post(server, "again", reviewer="Ben", id=turn["id"])[0] == 400  # he has not answered it
    assert post(server, "again", reviewer="ana", id=turn["id"])[1]["answered"]["comment"] == "ok"


def test_an_answer_is_on_the_disk_before_it_is_called_saved_and_a_change_is_a_second_thought(server, drawn):
    turn = post(server, "next", reviewer="Ana")[1]["turn"]
    for tone, count in (("0", 1), ("0", 1), ("2", 2)):
        post(server, "save", reviewer="Ana", id=turn["id"], labels=complete(turn, tone=tone))
        assert len(drawn.answers()) == count
    assert [each.again for each in drawn.answers()] == [False, True]
    assert agreement.first_answers(drawn.answers())[turn["id"], "ana"].labels["tone"] == "0"


@pytest.mark.parametrize("labels", [{}, {"tone": "9"}, {"odd": "yes"}, "yes", {"tone": 1}], ids=str)
def test_incomplete_and_strange_answers_are_refused(server, drawn, labels):
    turn = post(server, "next", reviewer="Ana")[1]["turn"]
    status, told = post(server, "save", reviewer="Ana", id=turn["id"], labels=labels)
    assert status == 400
    assert told["error"]
    assert drawn.answers() == []
    assert post(server, "save", reviewer="Ana", id="t_nothing", labels=complete(turn))[0] == 400


def work(desk, name):
    """Everything that a reviewer gets, answered; the ids in their order."""
    order = []
    while (turn := desk.next(name)["turn"]) is not None:
        order.append(turn["id"])
        desk.save(name, turn["id"], complete(turn))
    return order


def test_everybody_gets_the_shared_turns_and_each_other_turn_goes_to_one(drawn):
    desk = Desk(drawn)
    orders = [work(desk, name) for name in ("Ana", "Ben")]
    shared = {item.id for item in drawn.items() if item.everyone}
    assert len(shared) == 8
    assert set(orders[0]) == {item.id for item in drawn.items()}
    assert set(orders[1]) == shared


def test_two_at_once_have_different_turns_before_them_and_their_own_order(drawn):
    desk, orders = Desk(drawn), {"Ana": [], "Ben": []}
    for _ in range(20):
        for name, order in orders.items():
            if (turn := desk.next(name)["turn"]) is not None:
                order.append(turn["id"])
        for name, order in orders.items():
            if order:
                turn = next(each for each in drawn.items() if each.id == order[-1])
                desk.save(name, turn.id, dict(turn.model))
    shared = {item.id for item in drawn.items() if item.everyone}
    assert orders["Ana"] != orders["Ben"]
    assert set(orders["Ana"]) & set(orders["Ben"]) == shared
    assert set(orders["Ana"]) | set(orders["Ben"]) == {item.id for item in drawn.items()}


def test_a_turn_that_lies_before_somebody_for_too_long_goes_to_others(drawn):
    now = [0.0]
    desk = Desk(drawn, clock=lambda: now[0])
    loose = {item.id for item in drawn.items() if not item.everyone}
    while (turn := desk.next("Ana")["turn"])["id"] not in loose:
        desk.save("Ana", turn["id"], complete(turn))
    assert turn["id"] not in work(desk, "Ben")
    now[0] = 3600.0
    assert turn["id"] in work(desk, "Cleo")


def test_work_goes_on_where_it_was_left_and_what_is_drawn_meanwhile_appears(drawn, contents):
    desk = Desk(drawn)
    first = desk.next("Ana")["turn"]["id"]
    assert Desk(drawn).next("Ana")["turn"]["id"] == first
    work(desk, "Ana")
    assert desk.next("Ana") == {"turn": None, "done": 20, "left": 0}
    draw(contents, drawn, Wish(size=5))
    assert desk.next("Ana")["left"] == 5


def test_turns_that_are_dealt_to_somebody_are_nobody_else_s(contents, queue):
    draw(contents, queue, Wish(size=20, overlap=0.0, reviewers=("Ana", "Ben")))
    desk = Desk(queue)
    assert len(work(desk, "ana ")) == 10
    assert work(desk, "Cleo") == []


def test_a_turn_that_was_forgotten_cannot_be_answered(drawn):
    desk = Desk(drawn)
    turn = desk.next("Ana")["turn"]
    item = next(each for each in drawn.items() if each.id == turn["id"])
    drawn.forget([item.conversation_id])
    with pytest.raises(UsageError, match="not in the queue"):
        desk.save("Ana", turn["id"], complete(turn))
    assert frames.answers_like_the_model(drawn, "Ana")
