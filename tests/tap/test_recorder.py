"""The recorder: bounded, counted, alive through forks, kills and stores that fail."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

import modeltap
from modeltap import config
from modeltap.errors import ConfigError, StoreError
from modeltap.tap.exchange import Exchange, IdSource
from modeltap.tap.record import Recording
from modeltap.tap.recorder import Recorder


def settings_of(store, **options):
    return config.load({"store": store, "analyze": False, **options}, environ={})


def exchange(body=b"{}"):
    x = Exchange("asgi", "m", "POST", "/", b"")
    x.add_request(body, 10**6)
    x.request_read, x.status, x.duration_ms = True, 200, 1.0
    return x


def put(recorder, settings, count=1, body=b"{}"):
    recording = Recording(settings, IdSource())
    return [recorder.put(recording, exchange(body)) for _ in range(count)]


def count(store):
    return sqlite3.connect(store).execute("select count(*) from exchanges").fetchone()[0]


def test_everything_queued_is_written_in_order(store):
    """A thousand and a few: statements of 64, of 8 and of 1."""
    settings = settings_of(store)
    recorder = Recorder(store, settings)
    assert all(put(recorder, settings, 1037))
    assert recorder.flush(20)
    recorder.close()
    ids = [r[0] for r in sqlite3.connect(store).execute("select id from exchanges order by seq")]
    assert len(ids) == 1037 and ids == sorted(ids)
    assert recorder.stats()["written"] == 1037


@pytest.mark.parametrize("bound", [{"max_queue_records": 10}, {"max_queue_bytes": 30_000}])
def test_a_full_queue_refuses_the_newest_and_counts_it(store, bound):
    """Bounded by count and by bytes; what was dropped is told in stats() and in the store."""
    settings = settings_of(store, flush_interval_seconds=2.0, **bound)
    recorder = Recorder(store, settings)
    taken = put(recorder, settings, 50, b"x" * 1000)
    dropped = taken.count(False)
    assert 0 < dropped < 50 and taken[:9] == [True] * 9
    recorder.close()
    stats = recorder.stats()
    assert stats["dropped"] == dropped == sum(stats["dropped_by_reason"].values())
    assert stats["captured"] == 50 and stats["written"] == 50 - dropped == count(store)
    told = sqlite3.connect(store).execute("select sum(count) from losses").fetchone()[0]
    assert told == dropped


def test_a_lock_held_by_another_is_waited_for(store):
    """Nothing is lost while somebody else writes for longer than SQLite's own patience."""
    settings = settings_of(store)
    recorder = Recorder(store, settings)
    put(recorder, settings)
    assert recorder.flush(10)
    other = sqlite3.connect(store, isolation_level=None)
    other.execute("begin immediate")
    put(recorder, settings, 20)
    assert not recorder.flush(6.5)
    other.execute("commit")
    assert recorder.flush(10) and count(store) == 21
    recorder.close()


def test_an_unusable_store_costs_records_and_is_said_once(store, caplog, tmp_path):
    """A folder that vanished while serving: counted, logged once, the app goes on."""
    folder = tmp_path / "gone"
    settings = settings_of(folder / "x.db")
    recorder = Recorder(folder / "x.db", settings)
    for _ in range(3):
        put(recorder, settings)
        recorder.flush(5)
    assert recorder.stats()["dropped_by_reason"] == {"store unusable": 3}
    assert len([r for r in caplog.records if "not recorded" in r.message]) == 1
    recorder.close()


def test_a_fork_has_a_queue_and_a_thread_of_its_own(store):
    """The child writes what it captures; what it inherited is the parent's to write."""
    settings = settings_of(store, flush_interval_seconds=0.5)
    recorder = Recorder(store, settings)
    put(recorder, settings, 5)
    pid = os.fork()
    if pid == 0:
        put(recorder, settings, 3)
        good = recorder.flush(10) and recorder.stats()["captured"] == 3
        os._exit(0 if good else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert recorder.flush(10) and count(store) == 8
    recorder.close()


def test_no_file_and_no_thread_before_the_first_request(store):
    """Under preload a middleware is built in the master, which must hold nothing."""
    before = threading.active_count()
    modeltap.ASGIMiddleware(lambda *_: None, model="m", store=store)
    assert threading.active_count() == before and not store.exists()


CHILD = """
import sys, time
from modeltap import config
from modeltap.tap.recorder import Recorder
from modeltap.tap.record import Recording
from modeltap.tap.exchange import Exchange, IdSource
settings = config.load({"store": sys.argv[1], "analyze": False})
recorder = Recorder(__import__("pathlib").Path(sys.argv[1]), settings)
recording = Recording(settings, IdSource())
for n in range(10**6):
    x = Exchange("asgi", "m", "POST", "/", b"")
    x.duration_ms = 1.0
    recorder.put(recording, x)
    print(n + 1, flush=True)
    time.sleep(0.002)
"""


def test_kill_9_loses_no_more_than_a_flush_window(store):
    """The file is sound, and what is missing came within the last moments."""
    process = subprocess.Popen([sys.executable, "-c", CHILD, str(store)], stdout=subprocess.PIPE)
    put_count = 0
    assert process.stdout is not None
    while put_count < 1500:
        put_count = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.wait()
    put_count = int((process.stdout.read().split() or [put_count])[-1])
    process.stdout.close()
    connection = sqlite3.connect(store)
    assert connection.execute("pragma integrity_check").fetchone()[0] == "ok"
    # At 500 a second a window of 50 ms holds 25; a busy machine is given ten times that.
    assert put_count - count(store) <= 250


def test_a_process_that_ends_by_itself_writes_everything(store):
    """atexit does, without lifespan and without a signal handler of ours."""
    code = CHILD.replace("10**6", "200").replace("time.sleep(0.002)", "pass")
    subprocess.run([sys.executable, "-c", code, str(store)], check=True, stdout=subprocess.DEVNULL)
    assert count(store) == 200


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"store": "/no/such/folder/x.db"}, "does not exist; create it"),
        ({"store": "/"}, "is a folder; name a file in it"),
    ],
)
def test_a_useless_path_is_told_at_start_up(options, words):
    """To the developer, before anything is opened."""
    with pytest.raises(StoreError, match=words):
        modeltap.ASGIMiddleware(lambda *_: None, model="m", **options)


def test_an_unknown_option_is_told_at_start_up_with_the_nearest(store):
    """Also by `add_middleware`, which builds the middleware late: `watch` checks at once."""
    from fastapi import FastAPI

    with pytest.raises(ConfigError, match="'sampel_rate'; did you mean 'sample_rate'"):
        modeltap.watch(FastAPI(), model="m", sampel_rate=1)


def test_ids_are_unique_and_sort_by_time():
    """UUIDv7, RFC 9562."""
    ids = IdSource()
    made = [ids.next(time.time()) for _ in range(10_000)]
    assert len(set(made)) == 10_000
    assert all(one[14] == "7" and one[19] in "89ab" for one in made)
    assert ids.next(1.0) < ids.next(2.0)
