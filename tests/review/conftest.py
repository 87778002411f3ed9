"""A small store, and a queue drawn from it."""

import pytest
from review_frames import stored

from empathy_scan.review.queue import Queue


@pytest.fixture(scope="session")
def contents():
    """Sixty conversations with every label in them."""
    return stored(60)


@pytest.fixture
def queue(tmp_path):
    """A folder for a queue; nothing is in it."""
    return Queue(tmp_path / "queue", wait_seconds=0.2)
