"""The server of the pages: its requests, and its end."""

from __future__ import annotations

import asyncio
import os
import socket
import time

import pytest

from modeltap.mounted.page_server import PageServer, sole_lock
from modeltap.tap.endpoints.page_channel import LENGTH, PageReply, PageRequest, ask
from modeltap.tap.endpoints.page_folder import hold

REQUEST = PageRequest("metrics", "GET", "", "", "", [], "", "http", b"")


async def reply(request):
    if request.path == "/broken":
        raise RuntimeError("a bug")
    return PageReply(200, [], request.path.encode())


def serve(folder, act, **options):
    """Run a server until it ends, and `act` in a thread as soon as it is ready."""

    async def run():
        ready = asyncio.Event()
        server = asyncio.create_task(PageServer(folder, "x", reply, **options).run(ready.set))
        await ready.wait()
        result = await asyncio.to_thread(act)
        await asyncio.wait_for(server, 60)
        return result

    return asyncio.run(run())


def asked(folder, path="/"):
    request = PageRequest("metrics", "GET", "", path, "", [], "", "http", b"")
    return ask(str(folder / "x.sock"), request, time.monotonic() + 60)


@pytest.fixture
def user(tmp_path):
    """An app's hold of the server."""
    held = hold(tmp_path / "x.users", shared=True)
    return lambda: os.close(held)


def test_it_serves_until_the_app_has_ended(tmp_path, user):
    (tmp_path / "x.sock").write_text("of a process that was killed")

    def act():
        replies = [asked(tmp_path, "/a"), asked(tmp_path, "/broken"), asked(tmp_path, "/b")]
        mode = (tmp_path / "x.sock").stat().st_mode & 0o777
        user()
        return replies, mode

    replies, mode = serve(tmp_path, act)
    assert [reply.status for reply in replies] == [200, 500, 200] and mode == 0o600
    assert "a bug" in replies[1].error and replies[2].body == b"/b"
    assert list(tmp_path.iterdir()) == []


def test_it_ends_without_requests(tmp_path, user):
    """The files that the app still holds stay."""
    serve(tmp_path, lambda: None, idle_seconds=0.1)
    assert [file.name for file in tmp_path.iterdir()] == ["x.users"]
    user()


@pytest.mark.parametrize(
    "data", [b"", b"\0\0", LENGTH.pack(2**31), LENGTH.pack(3) + b"abc", LENGTH.pack(9) + b"a"]
)
def test_broken_requests_are_dropped(tmp_path, user, data):
    def act():
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(tmp_path / "x.sock"))
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            left = connection.recv(1)
        status = asked(tmp_path).status
        user()
        return left, status

    assert serve(tmp_path, act) == (b"", 200)


def test_a_second_process_leaves(tmp_path, monkeypatch):
    monkeypatch.setattr("modeltap.mounted.page_server._TAKEOVER_SECONDS", 0.1)
    held = sole_lock(tmp_path, "x")
    assert sole_lock(tmp_path, "x") is None
    os.close(held)
    again = sole_lock(tmp_path, "x")
    assert again is not None
    os.close(again)
