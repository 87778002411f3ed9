"""`classify`: a line in, a line out."""

import json

import pytest

AGENT = {"id": "a", "role": "agent", "text": "I am sorry to hear that."}
CUSTOMER = {"id": 2, "role": "customer", "text": "You clowns.", "context": [{"role": "agent", "text": "Hello."}]}
SHARED = {"id", "role", "tone", "tone_probs", "model", "unsure"}


def lines(*rows):
    return "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)


@pytest.fixture
def classify(run, generous_bundle):
    """Answers as objects, with exit code and stderr, to rows on stdin."""

    def classify(*rows, given=None):
        answer = run("classify", "--model", generous_bundle, given=lines(*rows) if given is None else given)
        return [json.loads(line) for line in answer.out.splitlines()], answer

    return classify


def test_a_line_is_answered_by_the_keys_of_the_contract(classify):
    (agent, customer), answer = classify(AGENT, CUSTOMER)
    assert (answer.code, answer.err) == (0, "")
    assert set(agent) == SHARED | {"care", "flags", "care_class"}
    assert set(customer) == SHARED | {"attack", "kinds"}
    assert set(agent["care"]) == {"scripted", "acknowledges", "explores", "owns"}
    assert set(customer["attack"]) == {"insult", "threat", "profanity", "contempt"}
    assert set(agent["tone_probs"]) == {"civil", "guarded", "hostile"}
    assert set(customer["tone_probs"]) == {"civil", "upset", "hostile"}


def test_a_file_is_answered_as_stdin_is(run, classify, generous_bundle, tmp_path):
    path = tmp_path / "turns.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + lines(AGENT, CUSTOMER).encode())
    answer = run("classify", path, "--model", generous_bundle)
    assert [json.loads(line) for line in answer.out.splitlines()] == classify(AGENT, CUSTOMER)[0]
    assert run("classify", "-", "--model", generous_bundle, given=lines(AGENT, CUSTOMER)).out == answer.out


def test_more_lines_than_a_chunk_keep_their_order(classify, monkeypatch):
    from empathy_scan.cli import show  # noqa: PLC0415 - the module, not the command

    monkeypatch.setattr(show, "ROWS_AT_ONCE", 3)
    found, _ = classify(*({**AGENT, "id": n} for n in range(8)))
    assert [each["id"] for each in found] == list(range(8))


def test_lines_that_cannot_be_scored_are_answered_in_their_place(classify):
    found, answer = classify(
        AGENT, "not json", '{"id": 3, "role": "bot", "text": "x"}', "", '{"id": NaN}', "[" * 9999, CUSTOMER
    )
    assert answer.code == 3
    assert [each.get("error", "fine").partition(" ")[0] for each in found] == [
        "fine",
        "not",
        "'role'",
        "not",
        "not",
        "fine",
    ]
    assert [each["line"] for each in found[1:-1]] == [2, 3, 5, 6]
    assert found[2]["id"] == 3
    assert answer.err.splitlines()[1] == "rejected stdin:3: 'role' must be 'agent' or 'customer'; correct the line"


def test_a_line_of_another_encoding_is_told(classify):
    found, answer = classify(given="ü".encode("latin-1") + b"\n" + lines(AGENT).encode())
    assert answer.code == 3
    assert found[0] == {"id": None, "line": 1, "error": "not UTF-8"}
    assert found[1]["id"] == "a"


def test_no_lines_have_no_answers(classify):
    found, answer = classify(given="\n\n")
    assert (found, answer.code) == ([], 0)


def test_a_process_reads_stdin_and_writes_stdout(spawn, generous_bundle):
    answer = spawn("classify", "--model", generous_bundle, given=lines({**AGENT, "id": "ü🛏"}).encode())
    assert (answer.code, answer.err) == (0, "")
    assert json.loads(answer.out)["id"] == "ü🛏"


def test_a_folder_that_is_no_model_is_named(run, tmp_path):
    answer = run("classify", "--model", tmp_path, given=lines(AGENT))
    assert (answer.code, answer.out) == (1, "")
    assert f"empathy-scan: {tmp_path}: not a model bundle" in answer.err
