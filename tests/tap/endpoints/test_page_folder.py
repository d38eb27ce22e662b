"""The private folder of sockets, and its locks."""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path

import pytest

from modeltap.tap.endpoints.own_endpoint import PagesUnavailable
from modeltap.tap.endpoints.page_folder import hold, page_folder, remove, socket_path


@pytest.fixture
def temporary(monkeypatch):
    """A folder for temporary files of this test, with a path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="mt", dir="/tmp") as folder:
        monkeypatch.setattr("tempfile.tempdir", folder)
        yield Path(folder)


def test_a_long_path_is_replaced(tmp_path, monkeypatch):
    """A socket's path has a hundred characters at most."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("a" * 80)))
    assert socket_path(page_folder(), "b" * 24).startswith("/tmp/modeltap-")


def test_only_the_user_can_enter(temporary):
    folder = page_folder()
    assert folder.parent == temporary and folder.stat().st_mode & 0o777 == 0o700
    assert page_folder() == folder


def open_to_all(path):
    path.mkdir()
    path.chmod(0o777)


@pytest.mark.parametrize(
    "make",
    [
        open_to_all,
        lambda path: path.write_text(""),
        lambda path: path.symlink_to(path.parent),
        lambda path: path.symlink_to(path.parent / "none"),
    ],
    ids=["open", "file", "link", "broken link"],
)
def test_what_somebody_else_has_put_there_is_refused(temporary, make):
    make(temporary / f"modeltap-{os.geteuid()}")
    with pytest.raises(PagesUnavailable, match="TMPDIR"):
        page_folder()


def test_a_folder_that_cannot_be_made(temporary, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(temporary / "none"))
    with pytest.raises(PagesUnavailable, match="cannot be made"):
        page_folder()


def test_a_path_that_is_too_long(temporary):
    with pytest.raises(PagesUnavailable, match="too long"):
        socket_path(temporary / ("a" * 100), "b")


def test_locks(tmp_path):
    path = tmp_path / "x.users"
    first, second = hold(path, shared=True), hold(path, shared=True)
    assert hold(path, shared=False) is None
    os.close(first)
    os.close(second)
    alone = hold(path, shared=False)
    assert alone is not None and hold(path, shared=True) is None
    os.close(alone)


def test_a_lock_of_a_removed_file_does_not_count(tmp_path, monkeypatch):
    """Whoever waited for the last holder takes a new file."""
    path = tmp_path / "x.users"
    removed = threading.Event()
    opened = os.open

    def open_and_lose(*arguments):
        descriptor = opened(*arguments)
        if not removed.is_set():
            removed.set()
            remove(tmp_path, "x")
        return descriptor

    monkeypatch.setattr("modeltap.tap.endpoints.page_folder.os.open", open_and_lose)
    held = hold(path, shared=True)
    assert os.path.samestat(os.fstat(held), path.stat())
    os.close(held)
