"""A child process: its exit code, its log, and its two limits."""

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


def test_exit_code_and_last_line_are_kept(store, lease):
    child = Child(store, Settings(store=str(store)), "prune", "--unknown")
    child.attend(lease)
    assert child.exit_code == 2 and "--unknown" in child.last_line


def test_a_successful_child_has_an_empty_log(store, lease):
    child = Child(store, Settings(store=str(store)), "prune")
    child.attend(lease)
    assert (child.exit_code, child.log, child.last_line) == (0, "", "no message")


def test_a_child_is_killed_at_its_time_limit(store, lease):
    child = Child(store, Settings(store=str(store), job_limit_seconds=0.01), "analyze")
    child.attend(lease)
    assert child.exit_code < 0 and child.last_line.startswith(
        "killed after 0.01 s (job_limit_seconds)"
    )


def test_a_child_is_killed_when_the_lease_is_lost(store, lease):
    mine = Lease(lease._connection, "other", ttl=0.05)
    assert Lease(connect(store), "other").hold()
    child = Child(store, Settings(store=str(store)), "analyze")
    child.attend(mine)
    assert child.exit_code < 0 and "took over the lease" in child.last_line
