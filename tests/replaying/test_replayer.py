"""Replays from a store to a candidate on loopback: what is stored, and how a run continues."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import closing

import pytest

from candidate_server import candidate, doubled, fill
from modeltap.errors import BusyError, InputError
from modeltap.replaying import replayer
from modeltap.replaying.replay_options import ReplayOptions
from modeltap.replaying.replayer import Replayer, replay_store
from modeltap.store.connection import connect, writing
from modeltap.store.lease import Lease
from stores import read

ROWS = "select exchange_id, row, prediction, event_time from predictions where candidate = ? "
REQUESTS = "select exchange_id, status, rows, error, source from candidate_requests order by 1"


def replay(store, url, **options):
    return replay_store(store, "m", url, ReplayOptions(name="new", **options))


def predictions(store, name="new"):
    return {row["exchange_id"]: row["prediction"] for row in read(store, ROWS + "order by 1", name)}


def test_answers_are_predictions_of_the_candidate_and_no_traffic(store):
    fill(store, 50)
    before = read(store, "select * from exchanges")
    with candidate(doubled) as server:
        report = replay(store, server.url)
    assert (report.requests, report.sent, report.answered, report.rows) == (50, 50, 50, 50)
    assert report.failure is None and report.failed == report.left_out == {}
    assert predictions(store) == {f"m{n:06d}": 2.0 * n for n in range(50)}
    assert read(store, "select * from exchanges") == before
    assert read(store, "select count(*) n from predictions where candidate = ''") == [{"n": 0}]
    first = read(store, REQUESTS)[0]
    assert (first["status"], first["rows"], first["error"]) == (200, 1, None)
    assert first["source"] == "replay"


def test_a_second_run_sends_only_what_is_missing(store):
    fill(store, 20)
    with candidate(doubled) as server:
        replay(store, server.url, limit=5)
        assert sorted(predictions(store)) == [f"m{n:06d}" for n in range(15, 20)]
        report = replay(store, server.url)
        assert (report.answered_before, report.sent) == (5, 15)
        fill(store, 3, first=20)
        report = replay(store, server.url)
        assert (report.answered_before, report.sent, report.rows) == (20, 3, 3)
        assert len(server.received) == 23 and len(predictions(store)) == 23
        report = replay(store, server.url, again=True)
        assert (report.answered_before, report.sent) == (0, 23)
    assert len(read(store, REQUESTS)) == 23


def test_failed_requests_are_sent_again_and_replaced(store):
    fill(store, 12)

    def fails_at_first(request):
        if request.number < 12 and json.loads(request.body)["x"] % 3 == 0:
            return 500, "application/json", b'{"detail": "x"}'
        return doubled(request)

    with candidate(fails_at_first) as server:
        report = replay(store, server.url)
        assert (report.answered, report.failed) == (8, {"status 500": 4})
        assert report.failure is None
        assert len(predictions(store)) == 8
        report = replay(store, server.url)
        assert (report.sent, report.answered, report.failed) == (4, 4, {})
    assert {row["error"] for row in read(store, REQUESTS)} == {None}


def test_old_requests_that_fail_do_not_stop_the_next_run(store):
    """The first hundred are of a form that the candidate rejects; the second run gets past them."""
    fill(store, 130)

    def newer_only(request):
        is_old = json.loads(request.body)["x"] < 110
        return (422, "text/plain", b"") if is_old else doubled(request)

    with candidate(newer_only) as server:
        assert "none of the first 100" in replay(store, server.url).failure
        report = replay(store, server.url)
        assert (report.sent, report.answered, report.failure) == (130, 20, None)
        report = replay(store, server.url)
    assert (report.answered_before, report.failed, report.failure) == (
        20,
        {"status 422": 110},
        None,
    )


def test_another_thread_ends_a_run(store):
    """As Ctrl-C in a notebook does: the replies of the last second are stored."""
    fill(store, 50)
    with closing(connect(store)) as connection:

        def ending(request):
            if request.number == 10:
                own.is_ended.set()
            return doubled(request)

        with candidate(ending) as server:
            own = Replayer(connection, "m", server.url, ReplayOptions(name="new", rate=20.0))
            report = own.run()
    assert 10 < report.sent < 50 and len(predictions(store)) == report.answered == report.sent


def test_other_requests_are_counted_by_reason(store):
    fill(store, 4)
    fill(store, 3, first=4, request_note="masked")
    fill(store, 2, first=7, request_truncated=True)
    fill(store, 1, first=9, method=None)
    seen = []
    with candidate(doubled) as server, closing(connect(store)) as connection:
        options = ReplayOptions(name="new")
        report = Replayer(connection, "m", server.url, options).run(seen.append)
    assert report.left_out == {"request masked": 3, "request cut": 2, "not an HTTP request": 1}
    assert (report.requests, report.sent, sum(seen)) == (10, 4, 10)


HTML = (200, "text/html", b"<html>")


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ((404, "text/plain", b"no"), "status 404"),
        (HTML, "response is an HTML page"),
        ((302, "text/plain", b"", ("location", "/")), "redirect, not followed (status 302)"),
        ((200, "application/json", b'{"status": "ok"}'), None),
        ((200, "application/octet-stream", b"\x00\x01"), None),
    ],
)
def test_a_useless_candidate_is_left_soon_and_in_one_line(store, response, reason):
    fill(store, 300)
    with candidate(lambda _: response) as server:
        report = replay(store, server.url)
    assert report.sent == len(server.received) == 100 and report.rows == 0
    assert report.stopped and "none of the first 100" in report.failure
    assert "\n" not in report.failure
    assert reason is None or report.failed == {reason: 100}
    assert sum(report.failed.values()) == 100


def test_a_candidate_that_switches_its_format_midway(store):
    fill(store, 200)

    def switching(request):
        return doubled(request) if request.number < 120 else HTML

    with candidate(switching) as server:
        report = replay(store, server.url)
    assert (report.answered, report.failed) == (120, {"response is an HTML page": 80})
    assert len(predictions(store)) == 120 and report.failure is None


def test_a_candidate_that_never_responds_is_left_soon(store):
    fill(store, 60)
    ended = threading.Event()
    with candidate(lambda _: ended.wait(20) and None) as server:
        report = replay(store, server.url, timeout_seconds=0.2, concurrency=5)
        ended.set()
    assert 10 <= report.sent < 60 and set(report.failed) == {"timeout"}
    assert "was answered in time" in report.failure


def test_an_interrupted_run_keeps_its_replies(store, monkeypatch):
    """Ctrl-C during a round: what has been answered is stored, and the next run continues."""
    fill(store, 40)
    with candidate(doubled) as server:
        send = replayer.PacedSending.send_round

        async def interrupted(self, waiting):
            while len(waiting) > 20:
                waiting.pop()
            await send(self, waiting)
            raise asyncio.CancelledError

        monkeypatch.setattr(replayer.PacedSending, "send_round", interrupted)
        with pytest.raises(asyncio.CancelledError):
            replay(store, server.url)
        assert len(predictions(store)) == 20
        monkeypatch.undo()
        report = replay(store, server.url)
    assert (report.answered_before, report.sent, len(predictions(store))) == (20, 20, 40)


def test_exchanges_that_are_deleted_meanwhile_get_no_rows(store):
    """Retention may run at the same time; nothing may be left behind."""
    fill(store, 30)

    def deleting(request):
        if request.number == 5:
            with closing(connect(store)) as connection, writing(connection):
                connection.execute("delete from exchanges where seq <= 10")
        return doubled(request)

    with candidate(deleting) as server:
        replay(store, server.url)
    assert min(predictions(store)) == "m000010"
    assert len(read(store, REQUESTS)) == len(predictions(store)) == 20


def test_one_replay_to_a_candidate_at_a_time(store, monkeypatch):
    """The next run waits for the lease of one that was killed, and no longer."""
    monkeypatch.setattr(replayer, "_LEASE_SECONDS", 0.2)
    fill(store, 3)
    with candidate(doubled) as server, closing(connect(store)) as connection:
        lease = Lease(connection, "replay m new")
        assert lease.hold()
        with pytest.raises(BusyError, match="another replay to 'new' is running"):
            replay(store, server.url)
        lease.release()
        assert Lease(connection, "replay m new", ttl=0.5).hold()
        monkeypatch.setattr(replayer, "_LEASE_SECONDS", 5.0)
        assert replay(store, server.url).answered == 3


def test_it_runs_within_an_event_loop(store):
    """As in a notebook, whose cells run in one."""
    fill(store, 3)

    async def cell(url):
        return replay(store, url)

    with candidate(doubled) as server:
        assert asyncio.run(cell(server.url)).answered == 3


def test_names_of_models_and_urls_are_checked_first(store):
    fill(store, 1)
    with pytest.raises(InputError, match="no model 'n' in this store"):
        replay_store(store, "n", "http://127.0.0.1:1", ReplayOptions())
    with pytest.raises(InputError, match="has no scheme"):
        replay(store, "127.0.0.1:1")
    report = replay(store, "http://127.0.0.1:1", since="2030-01-01")
    assert report.failure == "no stored request of 'm' matches the given options"
