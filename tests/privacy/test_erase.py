"""`modeltap erase` leaves no trace of the person in the file and changes nothing of others."""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

import modeltap
from command import completed
from modeltap.analysis.verdicts.analyze import LEASE
from modeltap.errors import BusyError
from modeltap.privacy.erase import Subject, erase, matching
from modeltap.store.connection import connect, writing
from modeltap.store.lease import HeldLease, Lease
from stores import analyze, every, put, read

ANN = "ann-7f3e"


def modeltap_command(*words, code=0, **output):
    done = completed(*words, "--store", "taps.db", **output)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def capture(request, response=1, **options):
    return modeltap.capture(
        model="m", request=request, response=response, store="taps.db", analyze=False, **options
    )


def bodies():
    return [row["request_body"] for row in read("taps.db", "select request_body from exchanges")]


@pytest.fixture
def closed(clean_process):
    """Write the captured exchanges, and release the store."""

    def close():
        modeltap.tap.recording.recorders.recorders.close()
        modeltap.tap.calls.call_taps.clear()

    yield close
    modeltap.tap.calls.call_taps.clear()


def test_a_person_is_erased_from_the_file(tmp_path, closed):
    """Rows, batches, responses, nested, compressed and truncated bodies, and labels."""
    kept = [{"user": {"id": "bob"}}, {"id": ANN}, {"note": ANN}, {"user": {"id": f"{ANN}x"}}]
    for body in kept:
        capture(body)
    gone = capture({"user": {"id": ANN}, "x": 1})
    capture([{"user": {"id": "bob"}}, {"user": {"id": ANN}}])
    capture({"deep": {"er": [{"user": {"id": ANN}}]}})
    capture({"x": 1}, response={"user": {"id": ANN}})
    capture({"user": {"id": ANN}, "long": "x" * 500}, max_body_bytes=100)
    closed()
    modeltap.label(gone, f"label of {ANN}", store="taps.db")
    connection = sqlite3.connect("taps.db")
    connection.execute(
        "update exchanges set request_body = ?, request_encoding = 'gzip' where id = ?",
        (gzip.compress(json.dumps({"user": {"id": ANN}}).encode()), gone),
    )
    connection.commit()
    connection.close()
    assert "5 exchanges erased" in modeltap_command(
        "erase", "--model", "m", "--where", f"user.id={ANN}", "--yes"
    )
    assert [json.loads(body) for body in bodies()] == kept
    assert read("taps.db", "select * from labels") == []
    for path in tmp_path.glob("taps.db*"):
        content = path.read_bytes()
        assert b"label of" not in content and b"deep" not in content
        assert content.count(ANN.encode()) == (3 if path.name == "taps.db" else 0)


def test_the_disk_space_is_released(tmp_path, closed):
    """The file shrinks by at least the erased bodies."""
    for n in range(300):
        capture({"id": n % 2, "text": "y" * 5000})
    closed()
    before = (tmp_path / "taps.db").stat().st_size
    assert json.loads(
        modeltap_command("erase", "--model", "m", "--where", "id=0", "--yes", "--json")
    ) == {"erased": 150, "still_named_in": []}
    after = (tmp_path / "taps.db").stat().st_size
    assert before - after > 150 * 5000 and len(bodies()) == 150


def test_the_command_asks_first_and_explains_errors(closed):
    """Without confirmation nothing is erased; an unknown model leads to the nearest name."""
    capture({"id": 1})
    closed()
    assert "Permanently erase 1 exchange of m?" in modeltap_command(
        "erase", "--model", "m", "--where", "id=1", code=130, typed="n\n"
    )
    assert len(bodies()) == 1
    assert "write FIELD=VALUE" in modeltap_command(
        "erase", "--model", "m", "--where", "id", "--yes", code=1
    )
    assert "no model 'n' in this store" in modeltap_command(
        "erase", "--model", "n", "--where", "id=1", "--yes", code=1
    )


def test_an_unknown_field_is_an_error(closed):
    """No person was searched, so the command must not succeed."""
    capture({"user": {"id": ANN}})
    closed()
    output = modeltap_command("erase", "--model", "m", "--where", "usr.id=7", "--yes", code=1)
    assert "no exchange of model 'm' has a field 'usr.id'" in output and len(bodies()) == 1
    output = modeltap_command("erase", "--model", "m", "--where", "user.id=7", "--yes")
    assert "0 exchanges erased" in output


def test_hashed_values_are_found_by_the_key(closed, monkeypatch):
    """The same value, with the key that hashed it."""
    output = {"mask_with": "hash", "mask_key": "k", "mask_body_fields": "^email$"}
    capture({"email": "ann@example.org"}, **output)
    capture({"email": "bob@example.org"}, **output)
    closed()
    assert not [body for body in bodies() if "example.org" in body]
    monkeypatch.setenv("MODELTAP_MASK_WITH", "hash")
    monkeypatch.setenv("MODELTAP_MASK_KEY", "k")
    where = "email=ann@example.org"
    assert "1 exchange erased" in modeltap_command(
        "erase", "--model", "m", "--where", where, "--yes"
    )


@pytest.fixture
def named(store):
    """Return a store with a reference that has Ann as a category, an alert about her more frequent
    value, and a message that quotes her.
    """
    users = [(ANN, "bob", "cy")[n % 3] for n in range(600)] + [ANN] * 300
    put(store, every(5, 900), [{"user": user, "x": n % 7} for n, user in enumerate(users)])
    hook = {"url": "http://127.0.0.1:9/", "allow_private": True, "include_values": True}
    output = {
        "window": "1d",
        "reference": "first 576 rows",
        "multivariate": False,
        "webhooks": [hook],
    }
    analyze(store, output, include_open=True)
    return store


SAID = (
    "select summary as said from alerts union all select explanation from metrics "
    "where explanation is not null union all select body from deliveries"
)


def test_references_and_messages_no_longer_name_an_erased_person(named):
    """Neither the categories of a reference, nor texts; other fields stay unchanged."""
    (reference,) = read(named, 'select id, payload from "references"')
    assert f'"{ANN}"' in reference["payload"]
    before = [row["said"] for row in read(named, SAID)]
    assert sum(f"value '{ANN}' in" in output for output in before) >= 2
    words = ("erase", "--model", "m", "--where", f"user={ANN}", "--yes")
    output = json.loads(modeltap_command(*words, "--json"))
    assert output == {"erased": 500, "still_named_in": []}
    after = [row["said"] for row in read(named, SAID)]
    examples = re.compile(r'"examples":\[[^]]*\]')
    assert [examples.sub("", sentence) for sentence in after] == [
        examples.sub("", sentence.replace(ANN, "[erased]")) for sentence in before
    ]
    assert ANN.encode() not in named.read_bytes()
    assert read(named, 'select id from "references"') == [{"id": reference["id"]}]
    again = modeltap_command(*words)
    assert again.startswith("0 exchanges erased\nnot erased: backups")
    nobody = modeltap_command("erase", "--model", "m", "--where", "user=dan", "--yes", "--json")
    assert json.loads(nobody) == {"erased": 0, "still_named_in": []}


def test_texts_about_another_model_are_unchanged(named):
    """Its category "red" is not the erased person."""
    with closing(connect(named)) as connection, writing(connection):
        connection.execute(
            "insert into metrics (model, window, window_start, window_end, rows, metric, feature, "
            "explanation, computed_at) select 'other', window, window_start, window_end, rows, "
            "metric, feature, explanation, computed_at from metrics where explanation is not null"
        )
    others = "select explanation from metrics where model = 'other'"
    before = read(named, others)
    modeltap_command("erase", "--model", "m", "--where", f"user={ANN}", "--yes")
    assert read(named, others) == before
    assert any(ANN in row["explanation"] for row in before)


def test_erasing_waits_for_a_running_analysis(named):
    """It has the values in memory, and would write them again."""
    with closing(connect(named)) as connection, HeldLease(Lease(connection, LEASE), 5):
        words = ("--where", f"user={ANN}", "--yes", "--wait", "0.2")
        output = modeltap_command("erase", "--model", "m", *words, code=1)
    assert "another analysis is running" in output
    assert len(read(named, "select id from exchanges")) == 900


@pytest.fixture
def reading(closed):
    """Return a reader in an open transaction, which keeps the write-ahead log in use."""
    capture({"user": {"id": ANN}})
    capture({"user": {"id": "bob"}})
    closed()
    reader = sqlite3.connect("taps.db", isolation_level=None)
    reader.execute("begin")
    assert reader.execute("select count(*) from exchanges").fetchone() == (2,)
    yield reader
    reader.close()


def traces(folder):
    return [path.name for path in folder.glob("taps.db*") if ANN.encode() in path.read_bytes()]


def test_a_reader_that_stays_is_an_error(tmp_path, reading, monkeypatch):
    """Success is not reported while the log contains the person; it is emptied afterwards."""
    monkeypatch.setattr("modeltap.privacy.erase._READERS_SECONDS", 0.1)
    connection = connect("taps.db", create=False)
    exchanges = list(matching(connection, "m", Subject.parse(f"user.id={ANN}")))
    with pytest.raises(BusyError, match="erased, but another process reads the store"):
        erase(connection, exchanges)
    connection.close()
    assert traces(tmp_path) and len(bodies()) == 1
    reading.close()
    assert "0 exchanges erased" in modeltap_command(
        "erase", "--model", "m", "--where", f"user.id={ANN}", "--yes"
    )
    assert traces(tmp_path) == []


def test_erasing_waits_for_a_reader(tmp_path, reading):
    """The command ends when the log is empty, and not before."""
    command = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "modeltap",
            "erase",
            "--model",
            "m",
            "--where",
            f"user.id={ANN}",
            "--yes",
            "--store",
            "taps.db",
        ],
        stdout=subprocess.PIPE,
    )
    while len(bodies()) == 2:
        assert command.poll() is None
        time.sleep(0.02)
    with pytest.raises(subprocess.TimeoutExpired):
        command.wait(2)
    assert traces(tmp_path)
    reading.close()
    out, _ = command.communicate(timeout=60)
    assert command.returncode == 0 and b"1 exchange erased" in out
    assert traces(tmp_path) == []
