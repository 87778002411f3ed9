"""Archives, compressed files and Maildir: members are files, limits hold, names do no harm, damage is told."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from empathy_scan import readers
from empathy_scan.config import ReadConfig
from empathy_scan.readers import packed

CALL = b"Agent: Hello.\nCustomer: Hi, my tap leaks.\n"
OTHER = b"Agent: Good day.\nCustomer: The lift is stuck.\n"


def zipped(members, **how):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, **how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(members, mode="w"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


TWO = {"a.txt": CALL, "day 2/b.txt": OTHER}


@pytest.mark.parametrize(
    "content",
    [
        zipped(TWO),
        tarred(TWO),
        tarred(TWO, "w:gz"),
        tarred(TWO, "w:bz2"),
        tarred(TWO, "w:xz"),
        gzip.compress(zipped(TWO)),
        zipped({"a.txt": gzip.compress(CALL), "day 2/b.txt": bz2.compress(OTHER)}),
        tarred({"a.txt": lzma.compress(CALL), "day 2/b.txt": OTHER}),
    ],
)
def test_the_members_of_an_archive_are_files_with_its_name_before_theirs(scan, content):
    reading = scan({"night.bin": content})
    assert reading.rejects.is_empty()
    sources = reading.turns["source"].unique().sort().to_list()
    assert sources == ["night.bin!/a.txt", "night.bin!/day 2/b.txt"]
    assert "night.bin!/a" in reading.turns["conversation_id"].to_list()


def test_an_archive_in_an_archive_is_read_and_too_many_are_rejected(scan):
    inner = zipped({"in.zip": zipped(TWO)})
    assert scan({"a.zip": inner}).turns["source"][0] == "a.zip!/in.zip!/a.txt"
    deep = CALL
    for _ in range(6):
        deep = gzip.compress(deep)
    assert "archives in archives" in scan({"b.gz": deep}).rejects["reason"][0]


def test_hidden_and_left_behind_members_are_passed_over(scan):
    extra = {"__MACOSX/._a.txt": b"x", ".DS_Store": b"x", "b/.git/c.txt": CALL, "d.csv.part": b"x", "Thumbs.db": b"x"}
    reading = scan({"a.zip": zipped({"a.txt": CALL, **extra}), "c.txt.part": b"half", "e.txt.crdownload": b"half"})
    assert reading.rejects.select("source", "error").rows() == [
        (name, "NoticeError") for name in ("c.txt.part", "e.txt.crdownload")
    ]
    assert reading.turns["source"].unique().to_list() == ["a.zip!/a.txt"]


@pytest.mark.parametrize("name", ["../../etc/a.txt", "/etc/a.txt", "..\\..\\etc\\a.txt", "./etc//a.txt"])
def test_a_members_name_leads_nowhere(scan, name):
    assert scan({"a.tar": tarred({name: CALL})}).turns["source"][0] == "a.tar!/etc/a.txt"


def test_two_members_of_one_name_are_both_read(scan):
    content = zipped({"a.txt": CALL, "b.txt": OTHER}).replace(b"b.txt", b"a.txt")
    sources = scan({"a.zip": content}).turns["source"].unique().sort().to_list()
    assert sources == ["a.zip!/a (2).txt", "a.zip!/a.txt"]


def test_links_and_devices_in_a_tar_are_refused(scan):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind in (("link", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("dev", tarfile.CHRTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        member = tarfile.TarInfo("a.txt")
        member.size = len(CALL)
        archive.addfile(member, io.BytesIO(CALL))
    reading = scan({"a.tar": buffer.getvalue()})
    assert reading.turns.height == 2
    reasons = dict(reading.rejects.select("source", "reason").rows())
    assert reasons["a.tar!/link"] == reasons["a.tar!/hard"] == "a link in an archive, which is not followed"
    assert reasons["a.tar!/dev"] == "a device or pipe in an archive"


def test_a_member_with_a_password_is_rejected_and_the_others_read(scan):
    content = bytearray(zipped({"a.txt": CALL, "b.txt": OTHER}))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(magic) + offset] |= 1
    reading = scan({"a.zip": bytes(content)})
    (row,) = reading.rejects.to_dicts()
    assert (row["source"], row["reason"]) == ("a.zip!/a.txt", "encrypted member of a zip archive")
    assert reading.turns["source"].unique().to_list() == ["a.zip!/b.txt"]


@pytest.mark.parametrize(
    ("magic", "name"), [(b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07\x00", "RAR"), (b"\x28\xb5\x2f\xfd", "Zstandard")]
)
def test_archives_of_other_kinds_are_rejected(scan, magic, name):
    (row,) = scan({"a": magic + bytes(100)}).rejects.to_dicts()
    assert name in row["reason"]
    assert "unpack" in row["remedy"]


@pytest.mark.parametrize(
    ("limits", "setting"),
    [
        ({"max_archive_bytes": 60}, "max_archive_bytes"),
        ({"max_archive_ratio": 2}, "max_archive_ratio"),
        ({"max_archive_members": 1}, "max_archive_members"),
    ],
)
def test_the_limits_of_archives_are_told_with_their_setting(scan, monkeypatch, limits, setting):
    monkeypatch.setattr(packed, "_HARMLESS", 50)
    content = zipped({"a.txt": CALL, "b.txt": OTHER + b"\n" * 10_000})
    reading = scan({"a.zip": content}, **limits)
    assert setting in reading.rejects["remedy"][0]
    assert reading.rejects["source"].to_list() == ["a.zip"]
    assert reading.turns.height in {0, 2}


def test_of_a_cut_tar_the_members_before_the_cut_are_read(scan):
    content = tarred({"a.txt": CALL, "b.txt": OTHER * 100})[:2000]
    reading = scan({"a.tar": content})
    assert reading.turns["source"].unique().to_list() == ["a.tar!/a.txt"]
    assert "damaged or cut tar archive" in reading.rejects["reason"][0]


@pytest.mark.parametrize("content", [zipped({}), tarred({})])
def test_an_archive_without_members_is_rejected(scan, content):
    assert "empty" in scan({"a.bin": content}).rejects["reason"][0]


@pytest.mark.parametrize(
    "content", [zipped(TWO), tarred(TWO), tarred(TWO, "w:gz"), bz2.compress(CALL), lzma.compress(CALL)]
)
@given(draw=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_archive_is_read_or_rejected_and_nothing_else(scan, content, draw):
    broken = bytearray(content[: draw.draw(st.integers(1, len(content)))])
    for at in draw.draw(st.lists(st.integers(0, len(broken) - 1), max_size=4)):
        broken[at] ^= 1 << draw.draw(st.integers(0, 7))
    reading = scan({"a.bin": bytes(broken)})
    assert reading.turns.height or reading.rejects.height
    assert all(reading.rejects["remedy"].to_list())


MAIL = (
    "From: {sender}\nTo: {to}\nSubject: Lift\nDate: Mon, 5 Oct 2026 09:{minute}:00 +0000\n"
    "Message-ID: <{own}@x.example>\n{extra}\n{text}\n"
)
ASKED = MAIL.format(
    sender="mia@home.example", to="help@lifts.example", minute="00", own="m1", extra="", text="It is stuck again."
)
ANSWERED = MAIL.format(
    sender="dana@lifts.example", to="mia@home.example", minute="30", own="m2", extra="In-Reply-To: <m1@x.example>\n",
    text="We are on the way.",
)  # fmt: skip


def test_a_maildir_is_one_mailbox_with_its_folders_and_threads(put):
    folder = put(
        {
            "box/cur/1791100000.M1P1.host:2,S": ASKED,
            "box/new/1791100001.M2P1.host": ASKED,
            "box/tmp/1791100002.M3P1.host": "half",
            "box/.Sent/cur/1791100003.M4P1.host:2,S": ANSWERED,
            "box/.Sent/new/.keep": "",
            "box/.Sent/tmp/.keep": "",
            "box/.Drafts/cur/1791100004.M5P1.host;2,DS": ANSWERED.replace("m2", "m3"),
            "box/.Drafts/new/.keep": "",
            "box/.Drafts/tmp/.keep": "",
        }
    )
    reading = readers.read([folder], ReadConfig(agent_domains=("lifts.example",)))
    assert reading.turns.select("conversation_id", "text").rows() == [
        ("m1@x.example", "It is stuck again."),
        ("m1@x.example", "We are on the way."),
    ]
    assert [reason.partition(" of ")[0] for reason in reading.rejects["reason"]] == ["a draft", "duplicate"]
