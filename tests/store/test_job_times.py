"""The last start of each job, and whether an analysis finished."""

from __future__ import annotations

import pytest

from modeltap.store.connection import connect, writing
from modeltap.store.job_times import begin_pass, end_pass, job_time, record_job_time
from modeltap.store.pending_work import pending_work


@pytest.fixture
def connection(store):
    opened = connect(store)
    yield opened
    opened.close()


def test_a_job_that_never_ran_has_the_time_zero(connection):
    assert job_time(connection, "digest") == 0


def test_a_jobs_time_is_kept_in_whole_seconds(connection):
    """Only the last start of each job is kept."""
    for moment in (1_700_000_000.9, 1_700_000_060.9):
        with writing(connection):
            record_job_time(connection, "digest", moment)
    assert job_time(connection, "digest") == 1_700_000_060
    assert job_time(connection, "retrain m") == 0


def test_an_analysis_is_unfinished_until_it_ends(connection):
    """A killed analysis stays unfinished until another one ends."""
    assert not pending_work(connection, 0.0).unfinished
    begin_pass(connection)
    assert pending_work(connection, 0.0).unfinished
    begin_pass(connection)
    end_pass(connection)
    assert not pending_work(connection, 0.0).unfinished
    begin_pass(connection)
    assert pending_work(connection, 0.0).unfinished
