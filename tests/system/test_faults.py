"""Faults of the disk and the file, made for real: the app serves on, and what is lost is told."""

from __future__ import annotations

import os
import re
import resource
import shutil
import sqlite3
import subprocess
import time

import pytest

import modeltap
from disks import small_disk
from modeltap.config import sources
from modeltap.errors import StoreDamaged, StoreTooNew
from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect, writing
from modeltap.tap.exchange import Exchange
from modeltap.tap.packing import pack
from modeltap.tap.recording.recorder import Recorder
from processes import writers_of


@pytest.fixture
def record():
    """Record exchanges into a store as an app does; closed at the end."""
    opened = []

    def start(store, **options):
        settings = sources.load({"store": store, "analyze": False, **options}, environ={})
        recorder = Recorder(store, settings)
        opened.append(recorder)
        tap = recorder.join(settings)

        def put(count=1, body=b"{}"):
            for _ in range(count):
                x = Exchange("asgi", "m", "POST", "/", b"")
                x.add_request(body, 10**6)
                x.request_read, x.status, x.duration_ms = True, 200, 1.0
                recorder.put(pack(tap, x))
            recorder.flush(20)
            return recorder.stats()

        return put

    yield start
    for recorder in opened:
        recorder.close(1)


def count(store):
    connection = sqlite3.connect(store)
    try:
        return connection.execute("select count(*) from exchanges").fetchone()[0]
    finally:
        connection.close()


def test_a_disk_that_fills_up_stops_the_writing_before_sqlite_is_stuck(
    tmp_path, record, caplog, eventually
):
    """Counted, said once, and gone on with by itself when there is room."""
    with small_disk(tmp_path / "disk", "16m") as disk:
        put = record(disk / "taps.db")
        assert put(10)["written"] == 10
        ballast = disk / "ballast"
        free = shutil.disk_usage(disk).free
        ballast.write_bytes(b"x" * (free - 500_000))
        stats = put(20)
        assert stats["written"] == 10 and stats["dropped_by_reason"] == {"disk nearly full": 20}
        ballast.unlink()
        assert put(5)["written"] == 15 and count(disk / "taps.db") == 15
        told = sqlite3.connect(disk / "taps.db").execute("select model, reason, count from dropped")
        assert told.fetchall() == [("m", "disk nearly full", 20)]
        assert eventually(lambda: "nearly full" in caplog.text)
        said = [r.message for r in caplog.records if "nearly full" in r.message]
        assert len(said) == 1 and "the app keeps serving" in said[0]


def test_a_disk_filled_to_the_last_byte_is_survived(tmp_path, record):
    """More at once than the margin: what SQLite cannot write is counted, the file stays sound."""
    with small_disk(tmp_path / "disk", "16m") as disk:
        put = record(disk / "taps.db")
        put(10)
        (disk / "ballast").write_bytes(b"x" * (shutil.disk_usage(disk).free - 900_000))
        stats = put(100, b"y" * 60_000)  # six megabytes in one go
        written = stats["written"]
        assert 10 <= written < 110 and stats["dropped"] == 110 - written
        (disk / "ballast").unlink()
        time.sleep(5.1)  # an unusable store is tried again every five seconds
        assert put(5)["written"] == written + 5
        connection = sqlite3.connect(disk / "taps.db")
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
        connection.close()


def test_a_disk_that_is_read_only_is_said_once(tmp_path, record, caplog, eventually):
    """Everything is dropped and counted, nothing raised."""
    with small_disk(tmp_path / "disk", "16m") as disk:
        store = disk / "taps.db"
        connect(store).close()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        put = record(store)
        put(3)
        stats = put(3)
        assert stats["dropped_by_reason"] == {"store unusable": 6} and stats["written"] == 0
        assert eventually(lambda: "are not recorded" in caplog.text)
        said = [r.message for r in caplog.records if "are not recorded" in r.message]
        assert len(said) == 1 and re.search("read.?only|unable to open", said[0])


def test_an_app_starts_on_a_disk_that_is_read_only(tmp_path, caplog, eventually):
    """It is said when the app is watched, and the app serves; recorded when it is mended."""

    def app(environ, start_response):
        start_response("200 OK", [])
        return [b"served"]

    with small_disk(tmp_path / "disk", "16m") as disk:
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        store = disk / "taps.db"
        watched = modeltap.watch(app, model="m", store=store, analyze=False)
        assert "is not writable by this user" in caplog.text
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}
        assert list(watched(dict(environ), lambda *_: None)) == [b"served"]
        assert eventually(lambda: "are not recorded" in caplog.text) and not store.exists()
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)

        def recorded():
            list(watched(dict(environ), lambda *_: None))
            return store.exists() and count(store)

        assert eventually(recorded)
        watched.tap.close()


def test_a_limit_on_the_size_of_files_is_as_a_full_disk(store, record, caplog, eventually):
    """`ulimit -f` of the writer process: what is lost is counted, lifted it writes again."""
    put = record(store)
    assert put(10)["written"] == 10
    (pid,) = writers_of(os.getpid())
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    log = store.with_name(store.name + "-wal")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (log.stat().st_size + 100_000, hard))
    stats = put(50, b"y" * 60_000)
    written, dropped = stats["written"], stats["dropped"]
    assert 10 <= written < 60 and written + dropped == 60 and put()["dropped"] > dropped
    assert set(stats["dropped_by_reason"]) == {"store unusable"}
    assert writers_of(os.getpid()) == [pid]
    assert eventually(lambda: "are not recorded, but the app keeps serving" in caplog.text)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
    assert eventually(lambda: put()["written"] > written)
    stats = put()
    connection = sqlite3.connect(store)
    (lost,) = connection.execute("select sum(count) from dropped").fetchone()
    assert (lost, count(store)) == (stats["dropped"], stats["written"])
    assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    connection.close()


def damage_pages(store, begin=0.55):
    """Overwrite pages from a fraction of the file on, as a bad disk does; the head stays readable.

    The schema is in the first third, after the roots of the tables.
    """
    size = store.stat().st_size
    with store.open("r+b") as file:
        file.seek(int(size * begin))
        file.write(os.urandom(size // 3))


def filled(store, rows=2000):
    connection = connect(store)
    with writing(connection):
        connection.executemany(
            "insert into exchanges (id, model, source, started_at, request_body) "
            "values (?, 'm', 'asgi', '2024', ?)",
            [(f"old{n}", "x" * 500) for n in range(rows)],
        )
    connection.close()
    return store


@pytest.mark.parametrize("what", ["pages", "schema", "head"])
def test_a_damaged_store_is_put_aside_and_a_new_one_begun(store, record, caplog, eventually, what):
    """The old bytes stay as they were; the new file is told of, also by an alert."""
    filled(store)
    if what == "head":
        with store.open("r+b") as file:
            file.write(b"garbage instead of SQLite format 3")
    else:
        damage_pages(store, 0.3 if what == "schema" else 0.55)
    before = store.read_bytes()
    assert record(store)(5)["written"] == 5
    (aside,) = store.parent.glob("taps.db.damaged-*Z")
    assert aside.read_bytes() == before and count(store) == 5
    assert eventually(lambda: f"moved to {aside.name!r}" in caplog.text)
    connection = connect(store)
    (loss,) = connection.execute("select reason, count from dropped").fetchall()
    assert tuple(loss) == (f"store damaged, moved to {aside.name}", 0)
    Analyzer(store, connection, {}).run()
    sql = "select summary from alerts where rule = 'capture_loss'"
    (alert,) = connection.execute(sql).fetchall()
    assert aside.name in alert["summary"]
    connection.close()


def test_two_apps_agree_on_which_store_is_damaged(store, record):
    """Both write into the one new file; nothing goes into the one that was put aside."""
    filled(store)
    first, second = record(store), record(store)
    assert first(3)["written"] == 3 and second(3)["written"] == 3
    damage_pages(store)
    third = record(store)
    assert third(2)["written"] == 2  # looks at the pages when it opens the store
    assert first(3)["written"] == 6 and second(3)["written"] == 6
    assert len(list(store.parent.glob("*.damaged-*Z"))) == 1
    assert count(store) == 8


def test_the_daily_look_finds_what_nobody_reads(store):
    """A damaged page in a part of a store that is neither read nor written."""
    filled(store)
    connection = connect(store)
    analyzer = Analyzer(store, connection, {})
    analyzer.check(86_400.0 * 10)
    damage_pages(store)
    analyzer.check(86_400.0 * 10.5)  # not twice a day
    with pytest.raises(StoreDamaged, match=r"moved to .taps"):
        analyzer.check(86_400.0 * 11)
    connection.close()
    assert count(store) == 0


def test_another_programs_file_is_left_alone(store, record, caplog, eventually):
    """Text, another database, a newer schema: said once, the file untouched, the app serves on."""
    store.write_bytes(b"a letter to grandmother " * 100)
    assert record(store)(3)["dropped_by_reason"] == {"store unusable": 3}
    assert store.read_bytes().startswith(b"a letter")
    other = store.with_name("other.db")
    sqlite3.connect(other).execute("create table songs (name)").connection.close()
    assert record(other)(3)["dropped"] == 3
    assert eventually(lambda: "another program's database" in caplog.text)
    newer = filled(store.with_name("newer.db"), 1)
    sqlite3.connect(newer).execute("pragma user_version = 99").connection.close()
    assert record(newer)(3)["dropped"] == 3
    assert eventually(lambda: "upgrade modeltap" in caplog.text)
    with pytest.raises(StoreTooNew):
        connect(newer)
    assert not list(store.parent.glob("*.damaged-*"))


@pytest.mark.parametrize("how", ["deleted", "moved"])
def test_a_store_that_is_taken_away_is_begun_anew(store, record, how):
    """By `rm` or `mv` under the running app; the moved one keeps what it had."""
    put = record(store)
    assert put(4)["written"] == 4
    moved = store.with_name("elsewhere.db")
    for end in ("", "-wal", "-shm"):
        old = store.with_name(store.name + end)
        old.rename(moved.with_name(moved.name + end)) if how == "moved" else old.unlink()
    assert put(3)["written"] == 7 and count(store) == 3
    if how == "moved":
        assert count(moved) == 4


def test_readers_and_the_writer_do_not_wait_for_each_other(store, record):
    """A reader in the middle of its transaction sees what it saw; the writer goes on."""
    put = record(store)
    put(10)
    reader = sqlite3.connect(store, isolation_level=None, timeout=0)
    reader.execute("begin")
    sql = "select count(*) from exchanges"
    assert reader.execute(sql).fetchone() == (10,)
    assert put(500)["written"] == 510
    assert reader.execute(sql).fetchone() == (10,)
    reader.execute("commit")
    assert reader.execute(sql).fetchone() == (510,)
    reader.close()


def test_a_clock_that_jumps_back_shortens_no_duration(store, record):
    """Durations come from a clock that only goes forward."""
    first = Exchange("asgi", "m", "POST", "/", b"", started_at=2_000_000_000.0)
    second = Exchange("asgi", "m", "POST", "/", b"", started_at=1_000_000_000.0)
    assert first.elapsed_ms() >= 0 and second.elapsed_ms() >= 0
    assert first.started_at > second.started_at
    settings = sources.load({"store": store}, environ={})
    recorder = Recorder(store, settings)
    tap = recorder.join(settings)
    for x in (first, second):
        x.duration_ms = x.elapsed_ms()
        recorder.put(pack(tap, x))
    recorder.close()
    times = sqlite3.connect(store).execute("select started_at from exchanges order by seq")
    assert [row[0][:4] for row in times] == ["2033", "2001"]
