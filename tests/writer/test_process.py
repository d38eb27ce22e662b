"""The writer process survives kills and signals, and ends with its app."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from modeltap.tap.recording.recorder import Recorder
from modeltap.writer.process import WriterProcess
from recordings import CHILD, count, put, settings_of


def test_kill_9_of_the_app_loses_nothing_in_the_buffer(store, eventually):
    """The writer process continues until it has written everything; the file is intact."""
    process = subprocess.Popen([sys.executable, "-c", CHILD, str(store)], stdout=subprocess.PIPE)
    put_count = 0
    assert process.stdout is not None
    while put_count < 1500:
        put_count = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.wait()
    put_count = int((process.stdout.read().split() or [put_count])[-1])
    process.stdout.close()
    # One more may have gone into the buffer before its number was printed.
    assert eventually(lambda: count(store) >= put_count)
    assert count(store) <= put_count + 1
    connection = sqlite3.connect(store)
    assert connection.execute("pragma integrity_check").fetchone()[0] == "ok"


def test_kill_9_of_the_writer_is_counted_and_it_is_restarted(store, eventually, caplog):
    """Exchanges that it had not yet written are reported as lost, with the reason."""
    settings = settings_of(store)
    recorder = Recorder(store, settings)
    put(recorder, settings, 10)
    assert recorder.flush(20)
    other = sqlite3.connect(store, isolation_level=None)
    other.execute("begin immediate")  # so that it cannot write these
    put(recorder, settings, 5)
    assert eventually(lambda: recorder.stats()["queued_bytes"] == 0)  # they are in the buffer
    os.kill(recorder._writer.pid, signal.SIGKILL)
    assert eventually(lambda: recorder.stats()["dropped"] == 5)
    other.execute("commit")
    put(recorder, settings, 7)
    assert recorder.flush(20) and count(store) == 17
    assert recorder.stats()["dropped_by_reason"] == {"writer process died": 5}
    recorder.close()
    assert "5 exchanges were lost" in caplog.text
    losses = sqlite3.connect(store).execute("select reason, count from dropped").fetchall()
    assert losses == [("writer process died", 5)]


def test_a_killed_writer_is_noticed_while_something_holds_its_output_open(store, eventually):
    """Such as a fork of the app that began while the writer was being started."""
    settings = settings_of(store)
    recorder = Recorder(store, settings)
    put(recorder, settings)
    assert recorder.flush(20)
    writer = recorder._writer
    inode = os.fstat(writer.output).st_ino
    outputs = [
        link for link in Path(f"/proc/{writer.pid}/fd").iterdir() if link.stat().st_ino == inode
    ]
    with outputs[0].open("wb"):
        os.kill(writer.pid, signal.SIGSTOP)
        put(recorder, settings, 2000, b"x" * 1000)
        os.kill(writer.pid, signal.SIGKILL)
        assert eventually(lambda: recorder._writer not in (None, writer), 60)
        assert recorder.flush(60)
    stats = recorder.stats()
    assert stats["written"] == count(store) and stats["written"] + stats["dropped"] == 2001
    recorder.close()


def test_nothing_is_written_to_a_closed_input(store, eventually):
    """Its descriptor may be that of another file by then."""
    writer = WriterProcess(store)
    assert eventually(writer.buffer.has_sleeping_reader)
    own, writer._input = writer._input, os.open(store.parent / "other", os.O_CREAT | os.O_RDWR)
    writer.wake()
    assert (store.parent / "other").read_bytes() == b"."
    writer.stop_waking()
    writer.wake()
    assert (store.parent / "other").read_bytes() == b"."
    os.close(writer._input)
    writer._input = own
    writer.close()


AT_ITS_LIMIT = """
import os, resource, sys
from contextlib import suppress
from pathlib import Path
from modeltap.writer.process import NotStarted, WriterProcess

store, free = Path(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
taken = []
with suppress(OSError):
    while True:
        taken.append(os.open(os.devnull, os.O_RDONLY))
for _ in range(free):
    os.close(taken.pop())
with suppress(NotStarted):
    WriterProcess(store)
    sys.exit("started")
taken.extend(os.open(os.devnull, os.O_RDONLY) for _ in range(free))
print("all are back")
"""
"""An app with `free` descriptors left: a process of its own, in which no other test has any."""


@pytest.mark.parametrize("free", range(6))
def test_a_writer_that_cannot_be_started_leaves_no_descriptor_open(store, free):
    """An app at its limit gets all of them back."""
    app = subprocess.run(
        [sys.executable, "-c", AT_ITS_LIMIT, str(store), str(free)], capture_output=True, text=True
    )
    assert app.stdout == "all are back\n", app.stderr


def test_without_a_writer_process_the_app_keeps_serving(store, monkeypatch, caplog):
    """Nothing is recorded, everything is counted, and one message is logged."""
    monkeypatch.setenv("MODELTAP_PYTHON", "/no/such/python")
    settings = settings_of(store, max_queue_records=3)
    recorder = Recorder(store, settings)
    assert put(recorder, settings, 5) == [True, True, True, False, False]
    assert not recorder.flush(0.5)
    recorder.close(1)
    assert recorder.stats()["dropped_by_reason"] == {"queue full: records": 2}
    assert (
        len([r for r in caplog.records if "the writer process cannot be started" in r.message]) == 1
    )


def test_signals_of_the_process_group_do_not_end_the_writer(store, eventually):
    """A supervisor's SIGTERM reaches all processes, and the app still sends its last exchanges."""
    settings = settings_of(store)
    recorder = Recorder(store, settings)
    put(recorder, settings)
    assert recorder.flush(20)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(recorder._writer.pid, number)
    put(recorder, settings, 3)
    recorder.close()
    assert count(store) == 4 and recorder.stats()["dropped"] == 0


def test_signals_do_not_end_a_starting_writer(store, eventually):
    """A supervisor ends a worker and its child processes right after the first request."""
    settings = settings_of(store)
    recorder = Recorder(store, settings)
    put(recorder, settings, 3)
    assert eventually(lambda: recorder._writer)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(recorder._writer.pid, number)
    assert not recorder._writer.ready
    recorder.close()
    assert count(store) == 3 and recorder.stats()["dropped"] == 0


def test_exchanges_beyond_the_buffer_wait_in_order(store):
    """Bodies of 60 KB fill a buffer of 1 MB while another program holds the store's lock."""
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
    rows = sqlite3.connect(store).execute(
        "select substr(request_body, 1, 1) from exchanges where seq > 1 order by seq"
    )
    assert [row[0] for row in rows] == [chr(body[0]) for body in bodies]
    recorder.close()


def test_the_writer_ends_with_its_app(store, eventually):
    """Even if a fork of the app, which does not use it, holds its input open."""
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
