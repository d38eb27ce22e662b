"""The recorder: bounded, counted, alive through forks, kills and stores that fail."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import modeltap
from modeltap.config import sources
from modeltap.errors import ConfigError, StoreError
from modeltap.tap.exchange import Exchange, IdSource
from modeltap.tap.packing import pack
from modeltap.tap.recorder import Recorder
from modeltap.writer.process import WriterProcess


def settings_of(store, **options):
    return sources.load({"store": store, "analyze": False, **options}, environ={})


def exchange(body=b"{}"):
    x = Exchange("asgi", "m", "POST", "/", b"")
    x.add_request(body, 10**6)
    x.request_read, x.status, x.duration_ms = True, 200, 1.0
    return x


def put(recorder, settings, count=1, body=b"{}"):
    tap = recorder.join(settings)
    return [recorder.put(pack(tap, exchange(body))) for _ in range(count)]


def count(store):
    return sqlite3.connect(store).execute("select count(*) from exchanges").fetchone()[0]


def test_everything_queued_is_written_in_order(store):
    """A thousand and a few."""
    settings = settings_of(store)
    recorder = Recorder(store, settings)
    assert all(put(recorder, settings, 1037))
    assert recorder.flush(20)
    recorder.close()
    ids = [r[0] for r in sqlite3.connect(store).execute("select id from exchanges order by seq")]
    assert len(ids) == 1037 and ids == sorted(ids)
    assert recorder.stats()["written"] == 1037


@pytest.mark.parametrize("bound", [{"max_queue_records": 10}, {"max_queue_bytes": 30_000}])
def test_a_full_queue_refuses_the_newest_and_counts_it(store, bound, monkeypatch):
    """Bounded by count and by bytes; what was dropped is told in stats() and in the store."""
    asked = threading.Event()

    def slow_to_start(store):
        asked.wait(60)
        return WriterProcess(store)

    monkeypatch.setattr("modeltap.tap.recorder.WriterProcess", slow_to_start)
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
    told = sqlite3.connect(store).execute("select sum(count) from dropped").fetchone()[0]
    assert told == dropped


def locked_out(store):
    """Return a recorder that has written one exchange, and who has had the lock since then."""
    settings = settings_of(store)
    recorder = Recorder(store, settings)
    put(recorder, settings)
    assert recorder.flush(10)
    other = sqlite3.connect(store, isolation_level=None)
    other.execute("begin immediate")
    return settings, recorder, other


def test_a_lock_held_by_another_is_waited_for(store):
    """Nothing is lost while somebody else writes for longer than SQLite's own patience."""
    settings, recorder, other = locked_out(store)
    put(recorder, settings, 20)
    assert not recorder.flush(6.5)
    other.execute("commit")
    assert recorder.flush(10) and count(store) == 21
    recorder.close()


def test_seconds_of_traffic_wait_behind_a_lock(store):
    """Thousands of exchanges, while another program writes: all of them come, in their order."""
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


def commits(store):
    """Count the transactions in the store's write-ahead log: a frame tells whether it ends one."""
    log = Path(f"{store}-wal").read_bytes()
    page_size, salts = int.from_bytes(log[8:12], "big"), log[16:24]
    frames = (log[at : at + 24] for at in range(32, len(log), 24 + page_size))
    return sum(frame[8:16] == salts and frame[4:8] != bytes(4) for frame in frames)


def test_exchanges_that_come_together_share_a_transaction(store):
    """A commit is what costs most of a record."""
    settings = settings_of(store, flush_interval_seconds=60.0)
    recorder = Recorder(store, settings)
    put(recorder, settings)
    assert recorder.flush(20)
    reader = sqlite3.connect(store, isolation_level=None)
    reader.execute("begin")
    reader.execute("select 1 from exchanges").fetchall()  # keeps the log from being begun anew
    before = commits(store)
    assert before > 0 and all(put(recorder, settings, 1000)) and recorder.flush(20)
    assert count(store) == 1001
    assert 1 <= commits(store) - before <= 10
    reader.close()
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
def test_a_child_of_multiprocessing_writes_what_it_took_before_it_ends(tmp_path, method):
    """It runs no `atexit`; some servers' workers and anyone's pools are such children."""
    (tmp_path / "work.py").write_text(WORK)
    command = [sys.executable, "work.py", method]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
    assert count(tmp_path / "modeltap.db") == 1


def test_no_file_and_no_thread_before_the_first_request(store):
    """Under preload a middleware is built in the master, which must hold nothing."""
    before = threading.active_count()
    modeltap.ASGIMiddleware(lambda *_: None, model="m", store=store)
    assert threading.active_count() == before and not store.exists()


CHILD = """
import sys, time
from modeltap.config import sources
from modeltap.tap.recorder import Recorder
from modeltap.writer.process import WriterProcess
from modeltap.tap.exchange import Exchange
from modeltap.tap.packing import pack
settings = sources.load({"store": sys.argv[1], "analyze": False})
recorder = Recorder(__import__("pathlib").Path(sys.argv[1]), settings)
tap = recorder.join(settings)
for n in range(10**6):
    x = Exchange("asgi", "m", "POST", "/", b"")
    x.duration_ms = 1.0
    recorder.put(pack(tap, x))
    print(n + 1, flush=True)
    time.sleep(0.002)
"""


def test_kill_9_of_the_app_loses_nothing_that_the_pipe_has(store, eventually):
    """The process that writes lives on until it has written all of it; the file is sound."""
    process = subprocess.Popen([sys.executable, "-c", CHILD, str(store)], stdout=subprocess.PIPE)
    put_count = 0
    assert process.stdout is not None
    while put_count < 1500:
        put_count = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.wait()
    put_count = int((process.stdout.read().split() or [put_count])[-1])
    process.stdout.close()
    # One more may have gone into the pipe before its number was printed.
    assert eventually(lambda: count(store) >= put_count)
    assert count(store) <= put_count + 1
    connection = sqlite3.connect(store)
    assert connection.execute("pragma integrity_check").fetchone()[0] == "ok"


def test_kill_9_of_the_writer_is_counted_and_mended(store, eventually, caplog):
    """Another takes its place; what the dead one had not yet written is told, by reason."""
    settings = settings_of(store)
    recorder = Recorder(store, settings)
    put(recorder, settings, 10)
    assert recorder.flush(20)
    other = sqlite3.connect(store, isolation_level=None)
    other.execute("begin immediate")  # so that it cannot write these
    put(recorder, settings, 5)
    assert eventually(lambda: recorder.stats()["queued_bytes"] == 0)  # they are in the pipe
    os.kill(recorder._writer.pid, signal.SIGKILL)
    assert eventually(lambda: recorder.stats()["dropped"] == 5)
    other.execute("commit")
    put(recorder, settings, 7)
    assert recorder.flush(20) and count(store) == 17
    assert recorder.stats()["dropped_by_reason"] == {"writer process died": 5}
    recorder.close()
    assert "5 exchanges are lost" in caplog.text
    told = sqlite3.connect(store).execute("select reason, count from dropped").fetchall()
    assert told == [("writer process died", 5)]


def test_without_a_writer_process_the_app_serves_on(store, monkeypatch, caplog):
    """Nothing is recorded, everything is counted, and it is said once."""
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    settings = settings_of(store, max_queue_records=3)
    recorder = Recorder(store, settings)
    assert put(recorder, settings, 5) == [True, True, True, False, False]
    assert not recorder.flush(0.5)
    recorder.close(1)
    assert recorder.stats()["dropped_by_reason"] == {"queue full: records": 2}
    assert len([r for r in caplog.records if "no writer process starts" in r.message]) == 1


def test_signals_of_the_process_group_do_not_end_the_writer(store, eventually):
    """A supervisor's SIGTERM reaches all processes; the app's last exchanges come after it."""
    settings = settings_of(store)
    recorder = Recorder(store, settings)
    put(recorder, settings)
    assert recorder.flush(20)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(recorder._writer.pid, number)
    put(recorder, settings, 3)
    recorder.close()
    assert count(store) == 4 and recorder.stats()["dropped"] == 0


def test_signals_do_not_end_a_writer_that_still_starts(store, eventually):
    """A supervisor ends a worker and what it has started right after its first request."""
    settings = settings_of(store)
    recorder = Recorder(store, settings)
    put(recorder, settings, 3)
    assert eventually(lambda: recorder._writer)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(recorder._writer.pid, number)
    assert not recorder._writer.ready
    recorder.close()
    assert count(store) == 3 and recorder.stats()["dropped"] == 0


def test_what_the_pipe_does_not_hold_waits_and_keeps_its_order(store):
    """Bodies of 60 KB fill a pipe of 1 MB while another program holds the store's lock."""
    settings = settings_of(store)
    recorder = Recorder(store, settings)
    put(recorder, settings)
    assert recorder.flush(20)
    other = sqlite3.connect(store, isolation_level=None)
    other.execute("begin immediate")
    bodies = [bytes([97 + n % 26]) * 60_000 for n in range(60)]
    for body in bodies:
        assert all(put(recorder, settings, 1, body))
    assert recorder.stats()["queued_bytes"] > 1_000_000
    other.execute("commit")
    assert recorder.flush(30)
    found = sqlite3.connect(store).execute(
        "select substr(request_body, 1, 1) from exchanges where seq > 1 order by seq"
    )
    assert [row[0] for row in found] == [chr(body[0]) for body in bodies]
    recorder.close()


def test_the_writer_ends_with_its_app(store, eventually):
    """Nothing is left behind, even where a fork that knows nothing of us holds the pipe open."""
    code = CHILD.replace("10**6", "50").replace("import sys, time", "import sys, time, os, ctypes")
    code += "recorder.flush(20)\nprint('pid', recorder._writer.pid, flush=True)\n"
    # A fork by C code runs none of Python's hooks.
    code += "if ctypes.CDLL(None).fork() == 0:\n    time.sleep(15)\nos._exit(0)\n"
    done = subprocess.Popen([sys.executable, "-c", code, str(store)], stdout=subprocess.PIPE)
    assert done.stdout is not None
    pid = next(int(line.split()[1]) for line in done.stdout if line.startswith(b"pid"))
    assert done.wait(20) == 0
    done.stdout.close()
    assert eventually(lambda: not Path(f"/proc/{pid}").exists(), 20)
    assert count(store) == 50


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
