"""Requests at the same time through one middleware: each has its own record."""

from __future__ import annotations

import anyio
import pytest

import modeltap
from asgi_client import Client, scope_of

pytestmark = pytest.mark.anyio


class InStep(Client):
    """A client that goes on only when the other one has come as far."""

    def __init__(self, *bodies):
        super().__init__(*bodies)
        self.other = self
        self.steps = 0

    async def _step(self):
        self.steps += 1
        while self.other.steps < self.steps:
            await anyio.sleep(0)

    async def receive(self):
        await self._step()
        return await super().receive()

    async def send(self, message):
        await self._step()
        await super().send(message)


async def shout(scope, receive, send):
    """Answer each piece of the body with the same in capitals, with the path's own status."""
    status = int(scope["path"].rpartition("/")[2])
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", scope["path"].encode())],
        }
    )
    more = True
    while more:
        message = await receive()
        more = message["more_body"]
        body = message["body"].upper()
        await send({"type": "http.response.body", "body": body, "more_body": more})


async def test_two_at_once_keep_their_own_bodies_statuses_and_ids(store, read_rows):
    """Message by message in turn."""
    tapped = modeltap.ASGIMiddleware(shout, model="m", store=store, analyze=False)
    clients = {"/a/200": InStep(b"one ", b"two ", b"three"), "/b/503": InStep(b"x", b"yz", b"w")}
    first, second = clients.values()
    first.other, second.other = second, first
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            for path, client in clients.items():
                tasks.start_soon(tapped, scope_of(path), client.receive, client.send)
    assert modeltap.flush(10)
    rows = {row["path"]: row for row in read_rows(store)}
    assert len(rows) == 2
    for path, body in (("/a/200", "one two three"), ("/b/503", "xyzw")):
        row, start = rows[path], clients[path].sent[0]
        assert (b"x-modeltap-id", row["id"].encode()) in start["headers"]
        assert (row["request_body"], row["response_body"]) == (body, body.upper())
        assert (row["status"], row["response_type"]) == (start["status"], path)
        assert clients[path].body.decode() == body.upper()
