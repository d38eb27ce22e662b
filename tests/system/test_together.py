"""Several processes at one file: apps that write, one that analyses and deletes, one that reads."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from modeltap.store.connection import connect

EACH = 3000
WRITER = """
import json, sys, modeltap
for n in range(int(sys.argv[2])):
    modeltap.capture(model="m", request={"x": n}, response=1, store=sys.argv[1], analyze=False)
    if n % 10 == 9:
        assert modeltap.flush(60)
said = modeltap.stats()
print(json.dumps([said["written"], said["dropped"], said["failed"]]))
"""
DELETER = """
import json, pathlib, sys
from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect
store, stop = sys.argv[1], pathlib.Path(sys.argv[2])
analyzer = Analyzer(store, connect(store), {"retention": "1MB", "reference": "first 900000 rows"})
counted = deleted = 0
last = False
print("ready", flush=True)
while not last:
    last = stop.exists()
    counted += analyzer.run().exchanges
    deleted += analyzer.prune()
print(json.dumps([counted, deleted]))
"""
READER = """
import json, pathlib, sys
from modeltap.store.connection import connect_reader
store, stop = sys.argv[1], pathlib.Path(sys.argv[2])
looks = 0
while not stop.exists():
    connection = connect_reader(store)
    connection.execute("begin")
    first, = connection.execute("select count(*) from exchanges").fetchone()
    bodies = connection.execute("select request_body from exchanges").fetchall()
    assert len(bodies) == first and all(json.loads(one[0]).keys() == {"x"} for one in bodies)
    connection.execute("commit")
    connection.close()
    looks += 1
print(json.dumps([looks]))
"""


@pytest.fixture
def start():
    """Run a script beside the others; ended with the test."""
    running = []

    def begin(script, *words):
        process = subprocess.Popen(
            [sys.executable, "-c", script, *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def said_by(process):
    """Wait for a process's end; return the numbers that it prints."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0 and "locked" not in err, err
    return json.loads(out)


def test_three_apps_write_while_others_read_and_delete(store, start):
    """Nobody is told that the file is locked; each exchange is counted once, and there or gone."""
    connection = connect(store)
    stop = store.with_name("stop")
    others = start(DELETER, store, stop), start(READER, store, stop)
    assert others[0].stdout.readline() == "ready\n"
    writers = [start(WRITER, store, EACH) for _ in range(3)]
    assert [said_by(one) for one in writers] == [[EACH, 0, 0]] * 3
    stop.touch()
    (counted, deleted), (looks,) = map(said_by, others)
    kept = connection.execute("select count(*), count(distinct id) from exchanges").fetchone()
    assert counted == 3 * EACH and looks > 0
    assert 0 < deleted < 3 * EACH and tuple(kept) == (3 * EACH - deleted,) * 2
    assert connection.execute("select 1 from dropped").fetchall() == []
    assert connection.execute("pragma integrity_check").fetchone()[0] == "ok"
    connection.close()
