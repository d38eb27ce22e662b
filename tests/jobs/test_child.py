"""One child process: its exit and its log, and the two limits to its life."""

from __future__ import annotations

import pytest

from modeltap.config.settings import Settings
from modeltap.jobs.child import Child
from modeltap.store.connection import connect
from modeltap.store.lease import Lease


@pytest.fixture
def lease(store):
    lease = Lease(connect(store), "scheduler")
    assert lease.hold()
    return lease


def test_its_exit_and_its_last_words_are_kept(store, lease):
    child = Child(store, Settings(store=str(store)), "prune", "--unknown")
    child.attend(lease)
    assert child.exit_code == 2 and "--unknown" in child.last_line


def test_one_that_succeeds_has_no_words(store, lease):
    child = Child(store, Settings(store=str(store)), "prune")
    child.attend(lease)
    assert (child.exit_code, child.log, child.last_line) == (0, "", "no message")


def test_it_ends_at_its_limit(store, lease):
    child = Child(store, Settings(store=str(store), job_limit_seconds=0.01), "analyze")
    child.attend(lease)
    assert child.exit_code < 0 and child.last_line.startswith(
        "killed after 0.01 s (job_limit_seconds)"
    )


def test_it_ends_when_another_process_took_the_lease_over(store, lease):
    mine = Lease(lease._connection, "other", ttl=0.05)
    assert Lease(connect(store), "other").hold()
    child = Child(store, Settings(store=str(store)), "analyze")
    child.attend(mine)
    assert child.exit_code < 0 and "took over the lease" in child.last_line
