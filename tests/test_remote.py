"""The store in S3-compatible storage, by a real server on this machine (moto)."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from empathy_scan import erasure, lease, pipeline
from empathy_scan.config import Config
from empathy_scan.errors import StoreError
from empathy_scan.forgetting import Wish
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
