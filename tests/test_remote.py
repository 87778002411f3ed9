"""The store in S3-compatible storage, by a real server on this machine (moto)."""

import gzip
import io
import subprocess
import sys
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from empathy_scan import erasure, lease, pipeline, rescoring
from empathy_scan.config import Config
from empathy_scan.errors import StoreError, UsageError
from empathy_scan.forgetting import Wish
from empathy_scan.readers import files, objects
from empathy_scan.store import Store
from empathy_scan.tables import REJECTS, TURNS
from test_store import REJECT, assert_same, batch, fresh

pytest.importorskip("moto.server", reason="moto[server] is installed with the other tools of developers")


SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(*server.get_host_and_port(), flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture(scope="module")
def bucket():
    """The options that lead to an empty bucket called `calls`."""
    import boto3  # noqa: PLC0415 - comes with moto

    # In a process of its own: deltalake holds the interpreter in some calls, and a server within it would never answer.
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
    host, port = server.stdout.readline().split()
    options = {
        "aws_endpoint_url": f"http://{host}:{port}", "aws_region": "us-east-1", "aws_access_key_id": "key",
        "aws_secret_access_key": "secret", "aws_allow_http": "true",
    }  # fmt: skip
    client = boto3.client(
        "s3", endpoint_url=options["aws_endpoint_url"], region_name="us-east-1", aws_access_key_id="key",
        aws_secret_access_key="secret",  # noqa: S106 - of a server that asks for any
    )  # fmt: skip
    client.create_bucket(Bucket="calls")
    client.close()
    yield options
    server.communicate()


@pytest.fixture
def store(bucket, request):
    return Store(f"s3://calls/{request.node.name}/store", options=bucket, wait_seconds=5)


def test_a_store_in_a_bucket_is_a_store(store, tmp_path):
    assert not store.exists()
    store.add(*batch("a", "b"))
    store.add(*batch("b", "c", words="The parcel came."))
    rejects = pl.DataFrame([REJECT], schema=dict(REJECTS.columns))
    store.set_rejects(rejects)
    local = fresh(tmp_path, batch("a"), batch("b", "c", words="The parcel came."))
    local.set_rejects(rejects)
    assert_same(store.load(), local.load())
    assert store.newest() == local.newest()
    store.tidy(keep_hours=0)
    assert store.forget(pl.Series(["a"])) == 1
    assert (store.count(), store.size().files > 0) == (2, True)
    store.remember("reports", {"here": "there"})
    assert store.recall("reports") == {"here": "there"}
    assert store.recall("nothing") == {}


def test_what_is_forgotten_is_in_no_object_of_the_bucket(store, bucket, tmp_path):
    import boto3  # noqa: PLC0415 - comes with moto

    store.add(*batch("a", words="Zebedee cannot sleep."))
    store.add(*batch("b"))
    done = erasure.forget(store, Wish("conversation", ("a",)), Config(), tmp_path / "report")
    assert (done.conversations, store.count()) == (1, 1)
    client = boto3.client(
        "s3", endpoint_url=bucket["aws_endpoint_url"], region_name="us-east-1", aws_access_key_id="key",
        aws_secret_access_key="secret",  # noqa: S106 - of a server that asks for any
    )  # fmt: skip
    prefix = store.root.removeprefix("s3://calls/")
    for each in client.list_objects_v2(Bucket="calls", Prefix=prefix)["Contents"]:
        content = client.get_object(Bucket="calls", Key=each["Key"])["Body"].read()
        if each["Key"].endswith(".parquet"):
            content += repr(pl.read_parquet(content).rows()).encode()
        assert b"Zebedee" not in content
    client.close()


def test_runs_at_once_lose_and_double_nothing(store, bucket):
    store.add(*batch("first"))

    def add(name):
        return Store(store.root, options=bucket, wait_seconds=120).add(*batch(name, "shared")).height

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(add, "abc")) == [1, 1, 2]
    assert store.load().conversations["conversation_id"].to_list() == ["a", "b", "c", "first", "shared"]
    assert store._table(TURNS).read("turn").height == 10


def test_a_second_run_is_told_that_another_is_at_work(store, bucket):
    with store.writing(), pytest.raises(StoreError, match="another run is at work"):
        Store(store.root, options=bucket, wait_seconds=0).add(*batch("a"))
    assert store.add(*batch("a")).height == 1


def test_the_hold_of_a_killed_run_ends(store, monkeypatch):
    store.add(*batch("a"))
    monkeypatch.setattr(lease, "LEASE", timedelta(seconds=1))
    lease._take(store._leases(), "a run that is killed", 1)
    assert store.add(*batch("b")).height == 1


def test_a_run_that_lives_keeps_its_hold(store, monkeypatch):
    monkeypatch.setattr(lease, "LEASE", timedelta(seconds=3))
    with store.writing():
        threading.Event().wait(4)
        assert store._leases().read("until").item() > datetime.now(UTC)


def test_a_scan_goes_into_a_bucket(store, bucket, tmp_path, generous_bundle, monkeypatch):
    for name, value in bucket.items():
        monkeypatch.setenv(name.upper(), value)
    path = tmp_path / "call.txt"
    path.write_text("Agent: Good morning, this is Noor.\nCustomer: My bed never came.\nAgent: I am so sorry.\n")
    into = {"store": store.root, "reports": tmp_path / "report", "model": generous_bundle}
    assert pipeline.scan([path], **into).scored == 1
    assert (pipeline.scan([path], **into).scored, store.count()) == (0, 1)


def test_a_rescoring_in_a_bucket_is_taken_over(store, bucket, tmp_path, generous_bundle, tiny_bundle, monkeypatch):
    for name, value in bucket.items():
        monkeypatch.setenv(name.upper(), value)
    path = tmp_path / "call.txt"
    path.write_text("Agent: Good morning, this is Noor.\nCustomer: My bed never came.\nAgent: I am so sorry.\n")
    into = {"store": store.root, "reports": tmp_path / "report"}
    pipeline.scan([path], model=generous_bundle, **into)
    old = store.load()
    assert rescoring.rescore(store.root, model=tiny_bundle).scored == 1
    assert_same(store.load(), old)
    assert rescoring.rescore(store.root, model=tiny_bundle, accept=True).scored == 0
    assert set(store.load().scores["model"]) != set(old.scores["model"])
    assert pipeline.scan([path], model=tiny_bundle, **into).scored == 0


# --- exports in a bucket --------------------------------------------------------------------------------------------

CHAT = "conversation_id,speaker,role,text\n{id},ana,agent,Good morning.\n{id},x,customer,My parcel {id} never came!\n"


@pytest.fixture
def exports(bucket, request, monkeypatch):
    """Puts objects under an address of their own, and gives the address."""
    for name, value in bucket.items():
        monkeypatch.setenv(name.upper(), value)
    import obstore  # noqa: PLC0415 - slow to load

    held = obstore.store.from_url("s3://calls")
    place = f"in/{request.node.name}"

    def put(**objects):
        for name, content in objects.items():
            obstore.put(held, f"{place}/{name.replace('__', '/').replace('_', '.')}", content)
        return Path(f"s3://calls/{place}")

    return put


def scanned(source, folder, model, **options):
    return pipeline.scan([source], store=folder / "store", reports=folder / "report", model=model, **options)


def test_exports_in_a_bucket_are_scanned_as_those_of_a_folder(exports, tmp_path, tiny_bundle):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("c.csv", CHAT.format(id="c3"))
    objects = {
        "a_csv": CHAT.format(id="c1").encode(), "day__b_csv_gz": gzip.compress(CHAT.format(id="c2").encode()),
        "c_zip": packed.getvalue(), "bad_csv": b"", "_hidden": b"x", "half_csv_part": b"x",
    }  # fmt: skip
    source = exports(**objects)
    for name, content in objects.items():
        path = tmp_path / "in" / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    far = scanned(source, tmp_path / "far", tiny_bundle)
    near = scanned(tmp_path / "in", tmp_path / "near", tiny_bundle)
    assert (far.conversations, far.rejects, far.left_out) == (near.conversations, near.rejects, near.left_out)
    assert (far.conversations, far.rejects) == (3, 1)
    found, expected = (Store(tmp_path / side / "store").load() for side in ("far", "near"))
    for table in ("turns", "scores", "labels"):
        assert_frame_equal(getattr(found, table), getattr(expected, table))


def test_what_is_known_of_a_bucket_is_not_read_again(exports, tmp_path, tiny_bundle, monkeypatch):
    source = exports(a_csv=CHAT.format(id="c1").encode(), b_csv=CHAT.format(id="c2").encode())
    time.sleep(2.1)  # the clock of the store tells whole seconds: what is younger is looked at twice
    scanned(source, tmp_path, tiny_bundle)
    read = []
    plain = objects.ObjectPath.read_bytes
    monkeypatch.setattr(objects.ObjectPath, "read_bytes", lambda self: read.append(self.name) or plain(self))
    again = scanned(source, tmp_path, tiny_bundle)
    assert (again.known, again.scored, read) == (2, 0, [])
    more = scanned(exports(d_csv=CHAT.format(id="c4").encode()), tmp_path, tiny_bundle)
    assert (more.known, more.scored, set(read)) == (2, 1, {"d.csv"})


def test_an_object_that_is_named_is_read_alone(exports, tmp_path, tiny_bundle):
    source = exports(a_csv=CHAT.format(id="c1").encode(), b_csv=CHAT.format(id="c2").encode())
    assert scanned(source / "b.csv", tmp_path, tiny_bundle).conversations == 1


def test_a_large_object_is_read_in_parts(exports):
    rows = CHAT.format(id="c1").encode() + b"".join(b"c%d,ana,agent,%s\n" % (n, b"word " * 20) for n in range(9_000))
    source = exports(large_csv=rows)
    with files.path_of(f"{objects.address(source)}/large.csv").open("rb") as stream:
        assert stream.read(12) == rows[:12]
        stream.seek(len(rows) - 5)
        assert stream.read() == rows[-5:]
        stream.seek(0)
        assert stream.read() == rows


@pytest.mark.parametrize("address", ["s3://calls/no/such/folder", "s3://no-such-bucket/exports"])
def test_an_address_without_exports_is_told(exports, tmp_path, tiny_bundle, address):
    exports()
    with pytest.raises(UsageError):
        scanned(Path(address), tmp_path, tiny_bundle)
    assert not (tmp_path / "report").exists()
