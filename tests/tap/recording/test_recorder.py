"""The recorder: bounded, counted, and robust against forks, kills and store failures."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import modeltap
import recordings
from modeltap.errors import ConfigError, StoreError
from modeltap.tap.packing import pack
from modeltap.tap.recording.recorder import Recorder
from modeltap.writer.process import WriterProcess
from modeltap.writer.records import origin_of
from recordings import CHILD, count, exchange, put, settings_of


def test_everything_queued_is_written_in_order(store):
    """More than a thousand exchanges."""
    settings = settings_of(store)
    recorder = Recorder(store, settings)
    assert all(put(recorder, settings, 1037))
    assert recorder.flush(20)
    recorder.close()
    ids = [r[0] for r in sqlite3.connect(store).execute("select id from exchanges order by seq")]
    assert len(ids) == 1037 and ids == sorted(ids)
    assert recorder.stats()["written"] == 1037


def test_a_started_recorder_runs_its_companion_without_an_exchange(store):
    """Labels may arrive in a process that serves no predictions."""
    started = threading.Event()

    def companion(path, settings):
        started.set()
        return lambda: None

    settings = settings_of(store)
    recorder = Recorder(store, settings, companion)
    recorder.join(settings)
    recorder.start()
    assert started.wait(60)
    recorder.close()
    assert recorder.stats()["captured"] == 0


@pytest.mark.parametrize("bound", [{"max_queue_records": 10}, {"max_queue_bytes": 30_000}])
def test_a_full_queue_refuses_the_newest_and_counts_it(store, bound, monkeypatch):
    """Bounded by count and bytes; drops are reported in stats() and in the store."""
    asked = threading.Event()

    def slow_to_start(store):
        asked.wait(60)
        return WriterProcess(store)

    monkeypatch.setattr("modeltap.tap.recording.recorder.WriterProcess", slow_to_start)
    settings = settings_of(store, flush_interval_seconds=2.0, **bound)
    recorder = Recorder(store, settings)
    taken = put(recorder, settings, 50, b"x" * 1000)
    asked.set()
    dropped = taken.count(False)
    assert 0 < dropped < 50 and taken[:9] == [True] * 9
    recorder.close()
    stats = recorder.stats()
    assert stats["dropped"] == dropped == sum(stats["dropped_by_reason"].values())
    assert stats["captured"] == 50 and stats["written"] == 50 - dropped == count(store)
    reported = sqlite3.connect(store).execute("select sum(count) from dropped").fetchone()[0]
    assert reported == dropped


def locked_out(store):
    """Return a recorder that has written one exchange, and a connection that holds the lock."""
    settings = settings_of(store)
    recorder = Recorder(store, settings)
    put(recorder, settings)
    assert recorder.flush(10)
    other = sqlite3.connect(store, isolation_level=None)
    other.execute("begin immediate")
    return settings, recorder, other


def test_the_recorder_waits_for_the_lock_of_another_program(store):
    """Nothing is lost even if the lock is held for longer than SQLite's busy timeout."""
    settings, recorder, other = locked_out(store)
    put(recorder, settings, 20)
    assert not recorder.flush(6.5)
    other.execute("commit")
    assert recorder.flush(10) and count(store) == 21
    recorder.close()


def test_seconds_of_traffic_wait_behind_a_lock(store):
    """Thousands of exchanges arrive while another program writes; all are written in order."""
    settings, recorder, other = locked_out(store)
    for _ in range(30):
        assert all(put(recorder, settings, 200, b'{"x": 1.5}' * 20))
        assert not recorder.flush(0.1)
    assert recorder.stats()["queued"] == 6000
    other.execute("commit")
    assert recorder.flush(60)
    ids = [r[0] for r in sqlite3.connect(store).execute("select id from exchanges order by seq")]
    assert len(ids) == 6001 and ids == sorted(ids)
    assert recorder.stats()["dropped"] == 0
    recorder.close()


def test_a_durable_exchange_is_settled_when_the_next_writer_has_written_it(
    store, eventually, monkeypatch
):
    """Neither at once, because an earlier writer died, nor only with later exchanges."""
    settings = settings_of(store, durability="process")
    recorder = Recorder(store, settings)
    put(recorder, settings, 10)
    assert recorder.flush(20)
    restarts = threading.Event()

    def restarted(store):
        restarts.wait(60)
        return WriterProcess(store)

    monkeypatch.setattr("modeltap.tap.recording.recorder.WriterProcess", restarted)
    monkeypatch.setattr("modeltap.tap.recording.recorder._RESTART_SECONDS", 0.01)
    os.kill(recorder._writer.pid, signal.SIGKILL)
    assert eventually(lambda: recorder._writer is None)
    ticket = recorder.put_durably(pack(0, exchange()))
    assert not recorder.is_settled(ticket)
    restarts.set()
    assert eventually(lambda: recorder.is_settled(ticket))
    assert count(store) == 11
    recorder.close()


def test_a_thread_that_cannot_be_started_is_started_by_the_next_exchange(store, monkeypatch):
    """A process may have as many threads as it is allowed; nothing is lost meanwhile."""
    settings = settings_of(store)
    recorder = Recorder(store, settings)
    tap = recorder.join(settings)
    files = open_files()
    with monkeypatch.context() as patched:
        patched.setattr("threading.Thread.start", raising(RuntimeError("can't start new thread")))
        for _ in range(2):
            with pytest.raises(RuntimeError, match="new thread"):
                recorder.put(pack(tap, exchange()))
        recorder.close(timeout=0.01)
    assert open_files() == files
    recorder.put(pack(tap, exchange()))
    assert recorder.flush(20) and count(store) == 3
    recorder.close()


def test_an_error_in_the_thread_does_not_end_recording(store, monkeypatch, caplog):
    """It is logged, and the next attempt sends what was queued."""
    settings = settings_of(store)
    recorder = Recorder(store, settings)
    failures = [ValueError("no such host")]

    def origin(*arguments):
        if failures:
            raise failures.pop()
        return origin_of(*arguments)

    monkeypatch.setattr("modeltap.tap.recording.recorder.origin_of", origin)
    monkeypatch.setattr("modeltap.tap.recording.recorder._RESTART_SECONDS", 0.01)
    put(recorder, settings, 3)
    assert recorder.flush(30) and count(store) == 3
    recorder.close()
    assert "no such host" in caplog.text


def open_files():
    """Return the number of this process's descriptors."""
    return len(list(Path("/proc/self/fd").iterdir()))


def raising(error):
    """Return a function that raises `error`."""

    def function(*_args, **_kwargs):
        raise error

    return function


def test_an_exchange_during_a_slow_end_starts_everything_again(store):
    """The thread that ends meanwhile neither takes it nor stops its successor."""
    settings, recorder, other = locked_out(store)
    put(recorder, settings, 2000, b"x" * 1000)  # more than the buffer holds
    recorder.close(timeout=0.05)
    last = exchange()
    recorder.put(pack(0, last))
    other.execute("commit")
    assert recorder.flush(60)
    stats = recorder.stats()
    assert stats["captured"] == 2002 and stats["written"] == count(store)
    ids = sqlite3.connect(store).execute("select id from exchanges order by seq desc limit 1")
    assert ids.fetchone() == (last.id,)
    recorder.close()


def test_a_store_may_have_a_path_that_is_not_unicode(tmp_path):
    """As file systems allow."""
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    settings = settings_of(folder / "taps.db")
    recorder = Recorder(folder / "taps.db", settings)
    put(recorder, settings, 3)
    assert recorder.flush(20)
    recorder.close()
    assert recorder.stats()["written"] == 3


def commits(store):
    """Return the number of transactions in the write-ahead log, by its commit frames."""
    log = Path(f"{store}-wal").read_bytes()
    page_size, salts = int.from_bytes(log[8:12], "big"), log[16:24]
    frames = (log[at : at + 24] for at in range(32, len(log), 24 + page_size))
    return sum(frame[8:16] == salts and frame[4:8] != bytes(4) for frame in frames)


def test_concurrent_exchanges_share_a_transaction(store):
    """A commit is the largest part of the cost of a record."""
    settings = settings_of(store, flush_interval_seconds=60.0)
    recorder = Recorder(store, settings)
    put(recorder, settings)
    assert recorder.flush(20)
    reader = sqlite3.connect(store, isolation_level=None)
    reader.execute("begin")
    reader.execute("select 1 from exchanges").fetchall()  # keeps the log from restarting
    before = commits(store)
    assert before > 0 and all(put(recorder, settings, 1000)) and recorder.flush(20)
    assert count(store) == 1001
    assert 1 <= commits(store) - before <= 10
    reader.close()
    recorder.close()


def test_an_unusable_store_loses_records_and_is_logged_once(store, caplog, tmp_path):
    """A folder that is deleted while serving: losses are counted, logged once, and the app
    continues.
    """
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
    """The child writes what it captures; the parent writes what the child inherited."""
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


def test_an_app_that_ends_leaves_a_full_buffer_to_its_writer(store, eventually):
    """The writer waits for another program's lock; only the backlog ends with the app."""
    settings, recorder, other = locked_out(store)
    put(recorder, settings, 3000, b"x" * 1000)
    recorder.close(1)
    other.execute("commit")
    assert eventually(lambda: count(store) > 500, 60)


FORK_BY_C = """
import ctypes, os, sys, time
from pathlib import Path
from modeltap.tap.recording.recorder import Recorder
from recordings import put, settings_of

settings = settings_of(sys.argv[1])
recorder = Recorder(Path(sys.argv[1]), settings)
tap = put(recorder, settings, 5)
assert recorder.flush(60)
pid = ctypes.PyDLL(None).fork()
time.sleep(0.1)  # longer than ids share their first part
put(recorder, settings, 3)
assert recorder.flush(60)
if pid == 0:
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
put(recorder, settings, 2)
recorder.close()
"""


def test_a_fork_by_c_code_has_a_writer_of_its_own(store):
    """It runs none of Python's hooks, and must not write into its parent's buffer."""
    command = [sys.executable, "-c", FORK_BY_C, str(store)]
    environment = {**os.environ, "PYTHONPATH": str(Path(recordings.__file__).parent)}
    subprocess.run(command, check=True, timeout=120, env=environment)
    assert count(store) == 13


WORK = """
import multiprocessing, sys, modeltap

def work():
    modeltap.capture(model="m", request={"x": 1}, response={"prediction": 2})

if __name__ == "__main__":
    child = multiprocessing.get_context(sys.argv[1]).Process(target=work)
    child.start()
    child.join()
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_child_of_multiprocessing_writes_its_exchanges_before_it_ends(tmp_path, method):
    """It runs no `atexit`; workers of some servers and process pools are such children."""
    (tmp_path / "work.py").write_text(WORK)
    command = [sys.executable, "work.py", method]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
    assert count(tmp_path / "modeltap.db") == 1


def test_no_file_and_no_thread_before_the_first_request(store):
    """With preloading, a middleware is built in the master, which must not hold resources."""
    before = set(threading.enumerate())  # one of an earlier test may end meanwhile
    modeltap.ASGIMiddleware(lambda *_: None, model="m", store=store)
    assert set(threading.enumerate()) <= before and not store.exists()


def test_a_process_that_ends_by_itself_writes_everything(store):
    """By atexit, without lifespan and without signal handlers of modeltap."""
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
def test_an_invalid_path_is_an_error_at_startup(options, words):
    """For the developer, before anything is opened."""
    with pytest.raises(StoreError, match=words):
        modeltap.ASGIMiddleware(lambda *_: None, model="m", **options)


def test_an_unknown_option_is_an_error_at_startup_with_the_nearest_name(store):
    """Also with `add_middleware`, which builds the middleware late: `watch` checks at once."""
    from fastapi import FastAPI

    with pytest.raises(ConfigError, match="'sampel_rate'; did you mean 'sample_rate'"):
        modeltap.watch(FastAPI(), model="m", sampel_rate=1)
