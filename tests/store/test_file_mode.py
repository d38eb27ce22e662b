"""Only the owner, or a configured group, has access to the store's files."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from command import modeltap
from modeltap.config.settings import Settings
from modeltap.errors import StoreError
from modeltap.ingest.importer import Importer
from modeltap.store import file_mode, reserve
from modeltap.store.connection import connect, connect_reader, writing
from modeltap.store.file_mode import Access
from modeltap.tap.recording.recorder import Recorder
from recordings import count, put, settings_of
from users import as_user, needs_root

APP, READER, OTHER = 4001, 4002, 4003
GROUP = 4100


def modes(store):
    """Return the mode of each file whose name starts with the store's name."""
    return {p.name: p.stat().st_mode & 0o7777 for p in store.parent.glob(f"{store.name}*")}


def write(connection):
    with writing(connection):
        connection.execute("insert or replace into watermarks values ('x', 1)")


@pytest.fixture
def folder():
    """Return a folder that other users can list."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)  # a process that ends may remove its log meanwhile


@pytest.fixture
def umask():
    """Set the umask for a test."""
    before = os.umask(0)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize("mask", [0, 0o022, 0o077, 0o177])
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o660])
def test_a_new_store_has_its_mode_regardless_of_the_umask(store, umask, mask, mode):
    umask(mask)
    with closing(connect(store, mode=mode)) as connection:
        write(connection)
        assert modes(store) == dict.fromkeys(("taps.db", "taps.db-wal", "taps.db-shm"), mode)


COPIES = (
    "taps.db.damaged-20260101T000000.000000Z",
    "taps.db.damaged-20260101T000000.000000Z-wal",
    "taps.db.bak",
    "taps.db-backup",
    "taps.db.old-wal",
    "taps.db.1",
    "taps.db~",
    "taps.db-reserve",
)
NOT_COPIES = ("taps.db.md", "taps.dbx", "taps.db.sh", "other.db.bak")


@pytest.mark.parametrize("wide", [0o604, 0o640, 0o644, 0o660, 0o664, 0o666, 0o777])
def test_access_of_other_users_to_a_store_is_revoked(store, caplog, wide):
    """Also to SQLite's files and copies; it is logged once."""
    reader = connect(store)
    write(reader)
    for name in (*COPIES, *NOT_COPIES):
        (store.parent / name).write_bytes(b"x")
        (store.parent / name).chmod(0o644)
    for end in ("", "-wal", "-shm"):
        store.with_name(store.name + end).chmod(wide)
    connect(store).close()
    left = modes(store)
    assert {name: mode for name, mode in left.items() if mode & 0o077} == {
        name: 0o644 for name in NOT_COPIES if name in left
    }
    (record,) = caplog.records
    assert record.levelno == logging.WARNING and f"taps.db (mode {wide:o})" in record.message
    connect(store).close()
    assert len(caplog.records) == 1
    reader.close()


def opened_by_an_import(store):
    Importer(connect(store), Settings(), model="m").settle(all_of_them=True)


def opened_by_a_writer(store):
    recorder = Recorder(store, settings_of(store))
    put(recorder, settings_of(store), 3)
    recorder.close()


OPENERS = {
    "a writer": opened_by_a_writer,
    "an import": opened_by_an_import,
    "a reader": lambda store: connect_reader(store).close(),
    **{
        words: lambda store, words=words: modeltap(*words.split(), "--store", store)
        for words in ("status", "analyze", "deliver", "prune", "alerts", "doctor")
    },
}


@pytest.mark.parametrize("opener", OPENERS)
def test_every_way_to_open_a_store_revokes_access_of_others(store, opener):
    connect(store).close()
    store.chmod(0o666)
    OPENERS[opener](store)
    assert set(modes(store).values()) == {0o600}


@pytest.mark.parametrize("mode", ["0600", "0640", "0660"])
def test_an_app_sets_the_configured_mode_of_its_store(store, mode):
    """Also of an existing store; commands without that setting keep the mode."""
    connect(store).close()
    settings = settings_of(store, store_mode=mode)
    recorder = Recorder(store, settings)
    put(recorder, settings, 3)
    recorder.close()
    assert count(store) == 3 and set(modes(store).values()) == {int(mode, 8)}
    for command in ("status", "analyze", "alerts"):
        modeltap(command, "--store", store)
        assert modes(store)["taps.db"] == int(mode, 8)
    store.chmod(0o666)
    modeltap("status", "--store", store)
    assert modes(store)["taps.db"] == int(mode, 8)
    opened_by_a_writer(store)
    assert modes(store)["taps.db"] == 0o600


def test_commands_use_the_mode_of_their_folders_settings(store, tmp_path):
    """An import without an app uses the settings of its folder."""
    (tmp_path / "modeltap.toml").write_text('store_mode = "0640"\n')
    (tmp_path / "rows.csv").write_text("x,prediction\n1,2\n3,4\n")
    modeltap("import", tmp_path / "rows.csv", "--model", "m", "--store", store)
    assert modes(store)["taps.db"] == 0o640
    (tmp_path / "modeltap.toml").unlink()
    modeltap("analyze", "--store", store)
    assert modes(store)["taps.db"] == 0o640


@needs_root
@pytest.mark.parametrize("wide", [0o644, 0o666, 0o660])
def test_an_open_store_of_another_user_is_not_written(folder, wide):
    """The error names the user who can fix it; reading still works."""
    store = folder / "taps.db"
    connect(store).close()
    os.chown(store, OTHER, GROUP)
    store.chmod(wide)
    folder.chmod(0o777)
    os.chown(folder, OTHER, GROUP)
    result = as_user(APP, lambda: connect(store), groups=[GROUP])
    assert result == (
        f"StoreError: store file '{store}' is accessible to other users (mode {wide:o}) and owned "
        f"by user {OTHER}; ask them to run chmod 600, or choose another store"
    )
    assert store.stat().st_mode & 0o777 == wide
    assert as_user(APP, lambda: counted(store, "exchanges"), groups=[GROUP]) == "0"


@needs_root
def test_an_app_with_an_open_store_keeps_serving(folder, caplog):
    """Nothing is recorded, which is logged once; recording starts after the mode is fixed."""
    store = folder / "taps.db"
    connect(store).close()
    store.chmod(0o644)
    subprocess.run(["chattr", "+i", store], check=False, capture_output=True)
    settings = settings_of(store)
    recorder = Recorder(store, settings)
    try:
        if not is_immutable(store):
            pytest.skip("this disk has no immutable files")
        assert all(put(recorder, settings, 5))
        assert recorder.flush(20)
        assert recorder.stats()["dropped"] == 5
    finally:
        subprocess.run(["chattr", "-i", store], check=False, capture_output=True)
        recorder.close()
    (line,) = [r.message for r in caplog.records]
    assert "exchanges are not recorded, but the app keeps serving: store file" in line


def counted(store, table):
    return connect_reader(store).execute(f"select count(*) from {table}").fetchone()[0]


def is_immutable(path):
    try:
        path.chmod(0o644)
    except PermissionError:
        return True
    return False


@needs_root
@pytest.mark.parametrize("live", [True, False], ids=["live", "closed"])
@pytest.mark.parametrize("mode", [0o640, 0o660])
def test_a_group_with_access_reads_a_store(folder, mode, live):
    """Even if the app has another group; a reader without write access needs a running app."""
    store = folder / "taps.db"
    connect(store, mode=mode).close()
    os.chown(store, APP, GROUP)
    os.chown(folder, APP, GROUP)
    folder.chmod(0o2770 if mode == 0o660 else 0o750)

    def groups_of_files():
        with closing(connect(store, mode=mode)) as connection:
            write(connection)
            return [path.stat().st_gid for path in store.parent.iterdir()]

    assert as_user(APP, groups_of_files, groups=[GROUP]) == str([GROUP] * 3)
    holder = held(store, APP, mode) if live else None
    result = as_user(READER, lambda: counted(store, "watermarks"), groups=[GROUP])
    if live or mode == 0o660:
        assert result == "1"
    else:
        assert "is readable only while an app has it open" in result
    assert "StoreError" in as_user(OTHER, lambda: counted(store, "watermarks"))
    if holder is not None:
        os.write(holder, b"x")
        os.close(holder)
    assert set(modes(store).values()) <= {mode}


def held(store, user, mode):
    """Let another process keep the store open; return the pipe that ends it when written to."""
    waiting, ending = os.pipe()
    started, ready = os.pipe()
    if not os.fork():
        os.close(ending)
        os.setgroups([GROUP])
        os.setgid(user)
        os.setuid(user)
        connection = connect(store, mode=mode)
        write(connection)
        os.write(ready, b"x")
        os.read(waiting, 1)
        connection.close()
        os._exit(0)
    os.close(waiting)
    os.read(started, 1)
    os.close(started)
    os.close(ready)
    return ending


@needs_root
def test_root_revokes_access_to_the_store_of_a_containers_user(folder):
    """A volume is rarely owned by root; if root can change the mode, it does."""
    store = folder / "taps.db"
    connect(store).close()
    os.chown(store, APP, APP)
    os.chown(folder, APP, APP)
    store.chmod(0o666)
    with closing(connect(store)) as connection:
        write(connection)
        assert set(modes(store).values()) == {0o600}
        assert {p.stat().st_uid for p in folder.iterdir()} == {APP}


@needs_root
@pytest.mark.parametrize("planted", ["a store", "a link"])
@pytest.mark.parametrize("user", [0, APP])
@pytest.mark.parametrize("sticky", [0, 0o1000])
def test_a_file_of_another_user_in_a_world_writable_folder_is_refused(
    folder, planted, user, sticky
):
    """Its owner could read the data, or choose the file that is written."""
    store, target = folder / "taps.db", folder / "theirs.db"
    connect(target if planted == "a link" else store).close()
    if planted == "a link":
        os.chown(target, user, user)
        store.symlink_to(target)
        os.lchown(store, OTHER, OTHER)
    else:
        os.chown(store, OTHER, OTHER)
    folder.chmod(0o777 | sticky)
    result = as_user(user, lambda: connect(store))
    assert result.startswith("StoreError") and (
        f"is owned by user {OTHER} and is in a world-writable folder; choose a store in a folder"
        in result
        or (planted == "a store" and user == APP)
    )


def test_an_own_store_may_be_in_a_world_writable_folder(folder, caplog):
    """As in the scratch volume of a container."""
    folder.chmod(0o777)
    store = folder / "taps.db"
    connect(store).close()
    link = folder / "link.db"
    link.symlink_to(store)
    connect(link).close()
    assert caplog.records == [] and store.stat().st_mode & 0o777 == 0o600


def test_access_to_files_behind_a_link_is_revoked(link, caplog):
    link.resolve().chmod(0o644)
    with closing(connect(link)) as connection:
        write(connection)
        assert set(modes(link.resolve()).values()) == {0o600}
    assert len(caplog.records) == 1 and link.is_symlink()


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
def test_a_link_in_the_place_of_sqlites_files_is_not_followed(store, tmp_path, end):
    connect(store).close()
    victim = tmp_path / "victim"
    victim.write_text("theirs")
    victim.chmod(0o644)
    store.with_name(store.name + end).symlink_to(victim)
    with pytest.raises(StoreError, match="is not a regular file; remove it"):
        connect(store)
    assert victim.read_text() == "theirs" and victim.stat().st_mode & 0o777 == 0o644


def test_a_pipe_or_folder_is_not_a_store(tmp_path):
    """SQLite would wait for a pipe forever."""
    pipe = tmp_path / "taps.db"
    os.mkfifo(pipe, 0o644)
    with pytest.raises(StoreError, match="is not a regular file"):
        connect(pipe)


def test_a_read_only_store_stays_read_only(store):
    connect(store).close()
    store.chmod(0o444)
    assert file_mode.protect(store, Access(0o600)) == {"taps.db": 0o444}
    assert modes(store)["taps.db"] == 0o400


def test_files_that_remain_open_to_others_are_listed(store):
    """Including the reserve."""
    connect(store).close()
    reserve.keep(store)
    store.with_name("taps.db-reserve").chmod(0o640)
    assert file_mode.open_to_others(store, 0o640) == []
    assert [p.name for p in file_mode.open_to_others(store, 0o600)] == ["taps.db-reserve"]


def test_opening_one_store_keeps_the_locks_of_another_connection(store):
    """Opening and closing the file elsewhere in the process would release them."""
    with closing(connect(store)) as first:
        first.execute("begin immediate")
        store.chmod(0o644)
        connect_reader(store).close()
        code = (
            "import sys, sqlite3;sqlite3.connect(sys.argv[1], timeout=0).execute('begin immediate')"
        )
        command = [sys.executable, "-c", code, store]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "database is locked" in done.stderr
        first.execute("rollback")
