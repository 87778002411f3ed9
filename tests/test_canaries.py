"""Personal data that is planted in exports stands in nothing that a scan writes: store, cache, report, logs, screen."""

import gzip
import os
import re
import subprocess
import sys

import polars as pl
import pytest

# What is planted, and what is looked for: pieces that stand nowhere else, in small letters and without gaps.
CANARIES = {
    "name": ("Quentilda Brzoskwinia", ("quentilda", "brzoskwinia")),
    "speaker": ("Ottokar Zwiebelfisch", ("ottokar", "zwiebelfisch")),
    "heard name": ("oluwaxander", ("oluwaxander",)),
    "mail": ("q.brzoskwinia77@example.org", ("q.brzoskwinia77", "brzoskwinia77")),
    "spoken mail": ("zwiebel dot quitte at example dot com", ("zwiebel", "quitte")),
    "phone": ("07700 900 918", ("07700900918",)),
    "spoken phone": ("oh seven seven double oh nine double oh six five three", ("doubleohsixfivethree",)),
    "card": ("4929 8744 0937 2172", ("4929874409372172", "874409")),
    "spoken card": ("five one double oh four five eight nine six one six six seven seven four six", ("foureightninesix", "sixsixsevensevenfour")),
    "card code": ("cvv 948", ("cvv948",)),
    "iban": ("DE29 1592 0800 5990 2240 70", ("de29159208005990224070", "159208005990")),
    "bank": ("sort code 20-91-47 account 66120953", ("20-91-47", "209147", "66120953")),
    "national id": ("QQ 51 92 74 C", ("qq519274c",)),
    "birth": ("date of birth 19/07/1953", ("19/07/1953",)),
    "order": ("order QX-771-9042", ("qx-771-9042", "771-9042")),
    "plate": ("the reg is WQ19 XZJ", ("wq19xzj",)),
    "address": ("17 Plumbago Lane, ZE3 9XQ", ("plumbago", "ze39xq")),
    "ip": ("203.0.113.187", ("203.0.113.187",)),
    "password": ("password: Zx9-walnuss!", ("zx9-walnuss",)),
    "url": ("https://shop.example/reset?token=qwz9918", ("qwz9918",)),
}  # fmt: skip
SAID = {name: words for name, (words, _) in CANARIES.items()}


def _exports(folder):
    """A chat table, a call, mails, and files that break off, with canaries in texts, labels and heads."""
    folder.mkdir()
    lines = [
        f"Hello, my name is {SAID['name']}, {SAID['mail']}, ring {SAID['phone']}.",
        f"Card {SAID['card']} and {SAID['card code']}, or {SAID['iban']}.",
        f"It is {SAID['bank']}, {SAID['national id']}, {SAID['birth']}.",
        f"{SAID['order']}, {SAID['plate']}, I live at {SAID['address']}. You useless lot.",
        f"From {SAID['ip']}, {SAID['password']} at {SAID['url']}",
    ]
    rows = "".join(
        f'chat-1,{2 * n},customer,{SAID["speaker"]},,2026-10-01T09:00:00Z,"{text}","ring {SAID["phone"]}"\n'
        f'chat-1,{2 * n + 1},agent,Ann,ann,2026-10-01T09:00:00Z,"I am sorry, Quentilda. Ottokar?",\n'
        for n, text in enumerate(lines)
    )
    (folder / "chats.csv").write_text(
        f"conversation_id,turn,role,speaker,agent_id,started_at,text,topic\n{rows}", encoding="utf-8"
    )
    (folder / "call.txt").write_text(
        "Agent: Good morning, this is Noor, who am I speaking to?\n"
        f"Customer: {SAID['heard name']}\n"
        f"Agent: thank you {SAID['heard name']} and your email\n"
        f"Customer: {SAID['spoken mail']}\n"
        "Agent: and a number\n"
        f"Customer: {SAID['spoken phone']} and the card is {SAID['spoken card']}\n"
        "Agent: I am so sorry that the bed never came.\nCustomer: Thank you.\n",
        encoding="utf-8",
    )
    (folder / "mail.eml").write_text(
        f'From: "{SAID["name"]}" <{SAID["mail"]}>\nTo: help@shop.example\nSubject: {SAID["order"]} for {SAID["speaker"]}\n'
        "Date: Thu, 01 Oct 2026 10:00:00 +0000\nMessage-ID: <one@mail.example>\nContent-Type: text/plain\n\n"
        f"Dear Ann,\n\nmy bed never came. {SAID['address']}\n\n{SAID['name']}\n{SAID['phone']}\n",
        encoding="utf-8",
    )
    (folder / "mail-2.eml").write_text(
        f'From: "Ann Bell" <ann@shop.example>\nTo: "{SAID["name"]}" <{SAID["mail"]}>\nSubject: Re: {SAID["order"]} for {SAID["speaker"]}\n'
        "Date: Thu, 01 Oct 2026 12:00:00 +0000\nMessage-ID: <two@shop.example>\nIn-Reply-To: <one@mail.example>\n"
        "Content-Type: text/plain\n\nDear Quentilda,\n\nI am sorry about the bed.\n\nAnn Bell\n\n"
        f"On 1 Oct 2026 {SAID['name']} <{SAID['mail']}> wrote:\n> my bed never came\n",
        encoding="utf-8",
    )
    (folder / "broken.jsonl").write_text(
        f'{{"conversation_id": "x", "turn": 0, "role": "customer", "text": "{lines[1]}"\n{lines[0]}\n', encoding="utf-8"
    )
    (folder / "cut.json").write_text(f'{{"Transcript": ["{lines[0]} {lines[4]}', encoding="utf-8")
    (folder / "rows.csv").write_text(
        f"conversation_id,turn,role,text\nr1,first,{SAID['name']},{SAID['phone']}\nr1,2,nobody,{SAID['card']}\n",
        encoding="utf-8",
    )


def _told(folder):
    """Every byte under a folder as text: Parquet and gzip opened, names of files included."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder))
            content = path.read_bytes()
            yield content.decode("latin-1")
            yield content.decode("utf-8", errors="ignore")
            if path.suffix == ".gz":
                yield gzip.decompress(content).decode("utf-8", errors="ignore")
            if content[:4] == b"PAR1":
                frame = pl.read_parquet(path)
                yield "\n".join(str(value) for row in frame.rows() for value in row)


def _run(root, *arguments):
    temporary = root / "temporary"
    temporary.mkdir(exist_ok=True)
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "empathy_scan", *map(str, arguments)],
        capture_output=True, check=False, cwd=root / "work",
        env={**os.environ, "TMPDIR": str(temporary), "HOME": str(root / "home"), "XDG_CACHE_HOME": str(root / "home")},
    )  # fmt: skip
    number = len(list(root.glob("screen-*")))
    (root / f"screen-{number}").write_bytes(done.stdout + b"\n" + done.stderr)
    return done


@pytest.fixture(scope="module")
def written(tmp_path_factory, tiny_bundle):
    """The folder of everything that a scan, its report, its list of runs and a shown conversation have written."""
    root = tmp_path_factory.mktemp("canaries")
    exports = tmp_path_factory.mktemp("planted") / "exports"
    _exports(exports)
    (root / "work").mkdir()
    (root / "home").mkdir()
    scanned = _run(
        root, "scan", exports, "--log-format", "json", "--log-file", root / "log.jsonl", "--store", root / "store",
        "--reports", root / "reports", "--model", tiny_bundle,
    )  # fmt: skip
    assert scanned.returncode == 3, scanned.stderr.decode()  # done, and the broken files were rejected
    turns = next(root.glob("store/turns"), None)
    assert turns is not None
    assert _run(root, "runs", "--store", root / "store").returncode == 0
    return root


@pytest.mark.parametrize("name", CANARIES)
def test_no_canary_stands_in_anything_that_was_written(written, name):
    pieces = CANARIES[name][1]
    for text in _told(written):
        low = text.lower()
        packed = re.sub(r"[ \-]", "", low)
        for piece in pieces:
            assert piece not in low
            assert piece not in packed


def test_the_conversations_with_the_canaries_were_stored_and_reported(written):
    stored = "\n".join(_told(written / "store"))
    assert "You useless lot" in stored
    assert stored.count("[CARD]") >= 2
    pages = "\n".join(_told(written / "reports"))
    assert "[NAME]" in pages
