"""The ASGI tap must not be noticeable by the app."""

from __future__ import annotations

import contextvars
import gc
import weakref

import anyio
import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

import modeltap
from asgi_client import Client, echo, scope_of

pytestmark = pytest.mark.anyio


async def test_bodies_and_timing_are_recorded_and_responses_unchanged(tap):
    """Both bodies, sizes, status and times are recorded; one header is added, nothing else."""
    client = Client(b'{"x":', b" 1}")
    row = await tap(echo, client)
    assert (row["request_body"], row["response_body"]) == ('{"x": 1}', '{"x": 1}')
    assert client.body == b'{"x": 1}'
    assert row["status"] == 200 and row["request_bytes"] == 8 and row["request_read"] == 1
    assert 0 <= row["headers_ms"] <= row["first_byte_ms"] <= row["duration_ms"]
    assert client.sent[0]["headers"] == [
        (b"content-type", b"application/json"),
        (b"x-modeltap-id", row["id"].encode()),
    ]


async def test_without_an_id_header_the_messages_are_the_apps_own(tap):
    """`id_header=None` forwards the same message objects."""
    sent = []

    async def app(scope, receive, send):
        for message in (
            {"type": "http.response.start", "status": 204, "headers": []},
            {"type": "http.response.body"},
        ):
            sent.append(message)
            await send(message)

    client = Client()
    row = await tap(app, client, id_header=None)
    assert all(a is b for a, b in zip(client.sent, sent, strict=True))
    assert row["status"] == 204 and row["id"]


async def test_a_header_list_that_the_app_reuses_does_not_grow(tap):
    """The id is added to a copy of the app's headers."""
    headers = [(b"a", b"b")]

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"1"})

    for _ in range(3):
        await tap(app, Client())
    assert headers == [(b"a", b"b")]


async def test_nothing_is_read_that_the_app_does_not_read(tap):
    """A body that the app does not read has the note 'not read', which differs from 'empty'."""

    async def app(scope, receive, send):
        await JSONResponse(1)(scope, receive, send)

    client = Client(b"unread")
    row = await tap(app, client)
    assert client.received == 0
    assert row["request_body"] is None and row["request_note"] == "not read"
    assert row["request_read"] == 0


async def test_receive_is_called_only_when_the_app_calls_it(tap):
    """Messages keep their order, without reading ahead."""

    async def app(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200})
        await receive()
        await send({"type": "http.response.body", "body": b"x"})

    client = Client(b"a", b"b")
    await tap(app, client)
    assert client.log == ["receive", "http.response.start", "receive", "http.response.body"]


async def test_a_disconnect_passes_through(tap):
    """The app sees that its client disconnected."""
    seen = []

    async def app(scope, receive, send):
        await receive()
        seen.append((await receive())["type"])
        await send({"type": "http.response.start", "status": 200})

    row = await tap(app, Client(b"a"))
    assert seen == ["http.disconnect"]
    assert row["aborted"] == 1 and row["status"] == 200


async def test_an_exception_is_raised_unchanged_and_recorded_as_500(tap, store, read_rows):
    """The same exception object is raised; its type and message are recorded."""
    error = ValueError("no such carrier")

    async def app(scope, receive, send):
        raise error

    with pytest.raises(ValueError) as caught:
        await tap(app, Client())
    assert caught.value is error
    (row,) = read_rows(store)
    assert (row["error_type"], row["error_message"]) == ("ValueError", "no such carrier")
    assert (row["status"], row["aborted"]) == (500, None)


async def test_an_exception_after_the_start_keeps_the_sent_status(tap, store, read_rows):
    """The client received the status and a part of the body; the record has the error."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"part", "more_body": True})
        raise LookupError("row 7 is gone")

    with pytest.raises(LookupError):
        await tap(app, Client())
    (row,) = read_rows(store)
    assert (row["error_type"], row["error_message"]) == ("LookupError", "row 7 is gone")
    assert (row["status"], row["aborted"], row["response_body"]) == (200, 1, "part")


async def test_an_unfinished_stream_is_aborted(tap):
    """An app that returns before its last chunk leaves a partial record."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"part", "more_body": True})

    row = await tap(app, Client())
    assert row["aborted"] == 1 and row["response_body"] == "part"


async def test_the_record_is_complete_while_a_background_task_still_runs(tap, store, read_rows):
    """Work after the last body message affects neither the duration nor the status."""
    meanwhile = []

    async def fail():
        assert modeltap.flush(10)
        meanwhile.extend(map(tuple, read_rows(store)))
        raise RuntimeError("later")

    async def app(scope, receive, send):
        await Response("done", background=BackgroundTask(fail))(scope, receive, send)

    with pytest.raises(RuntimeError):
        await tap(app, Client())
    (row,) = read_rows(store)
    assert meanwhile == [tuple(row)] and row["duration_ms"] > 0
    assert (row["status"], row["response_body"]) == (200, "done")
    assert (row["error_type"], row["aborted"]) == (None, None)


async def test_a_context_variable_set_by_the_app_is_seen_outside(store):
    """The app runs in the task and context of its caller."""
    variable = contextvars.ContextVar("variable", default=0)

    async def app(scope, receive, send):
        variable.set(7)
        await JSONResponse(1)(scope, receive, send)

    tapped = modeltap.ASGIMiddleware(app, model="m", store=store, analyze=False)
    client = Client()
    await tapped(scope_of(), client.receive, client.send)
    assert variable.get() == 7


@pytest.mark.parametrize("kind", ["websocket", "lifespan", "something.new"])
async def test_other_scopes_pass_unchanged(store, kind):
    """Only HTTP is tapped; other scopes need neither a method nor a path."""
    seen = []

    async def app(scope, receive, send):
        seen.append(scope)

    client = Client()
    scope = {"type": kind}
    tapped = modeltap.ASGIMiddleware(app, model="m", store=store)
    await tapped(scope, client.receive, client.send)
    assert seen == [scope] and not store.exists()


@pytest.mark.parametrize("kind", ["pathsend", "zerocopysend"])
async def test_unknown_messages_pass_and_a_file_sent_by_the_server_is_not_seen(tap, kind):
    """Such a file has no bytes to record, which the note says."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.debug", "info": {}})
        await send({"type": f"http.response.{kind}", "path": "/tmp/x", "file": 3})

    client = Client()
    row = await tap(app, client)
    assert [m["type"] for m in client.sent][1:] == ["http.response.debug", f"http.response.{kind}"]
    assert row["response_note"] == "not seen" and row["aborted"] is None


async def test_a_body_message_without_a_body_is_empty(tap):
    """The body key is optional."""

    async def app(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    row = await tap(app, Client(), scope_of(method="PUT"))
    assert row["method"] == "PUT" and row["response_bytes"] == 0


async def answer(request):
    return PlainTextResponse("ok")


@pytest.mark.parametrize(
    ("path", "template"),
    [("/flights/7", "/flights/{id}"), ("/sub/deep/7", "/sub/deep/{id}"), ("/nowhere", None)],
)
async def test_the_route_is_the_template_also_in_a_mounted_app(tap, path, template):
    """With Starlette's routes and mounts."""
    routes = [Route("/flights/{id}", answer), Mount("/sub", routes=[Route("/deep/{id}", answer)])]
    row = await tap(Starlette(routes=routes), Client(), scope_of(path, "GET"))
    assert row["route"] == template and row["path"] == path


async def test_the_route_of_an_included_router_is_complete(tap):
    """FastAPI keeps the full path of an included route separately."""
    router = APIRouter(prefix="/in")

    @router.get("/x/{a}")
    async def x(a: int) -> int:
        return a

    app = FastAPI()
    app.include_router(router, prefix="/api")
    row = await tap(app, Client(), scope_of("/api/in/x/1", "GET"))
    assert row["route"] == "/api/in/x/{a}" and row["status"] == 200


async def test_a_tapped_mounted_app_has_its_mount_in_path_and_route(store, read_rows):
    """As if the outer app were tapped."""
    inner = FastAPI()
    inner.add_api_route("/flights/{name}", lambda name: name)
    modeltap.watch(inner, model="m", store=store, analyze=False)
    outer, client = Starlette(routes=[Mount("/inner", inner)]), Client()
    scope = scope_of("/api/inner/flights/7", "GET", root_path="/api")
    await outer(scope, client.receive, client.send)
    assert modeltap.flush(10)
    (row,) = read_rows(store)
    assert (row["path"], row["route"]) == ("/inner/flights/7", "/inner/flights/{name}")


async def test_an_internal_failure_is_logged_once_and_never_raised(tap, store, caplog):
    """A failing recorder loses its record and affects nothing else."""
    tapped = modeltap.ASGIMiddleware(echo, model="m", store=store, analyze=False)
    tapped.tap._recorder = "broken"
    for _ in range(3):
        client = Client(b"1")
        await tapped(scope_of(), client.receive, client.send)
        assert client.body == b"1"
    assert len([r for r in caplog.records if "could not be tapped" in r.message]) == 1


class _Unreadable:
    @property
    def path(self):
        raise RuntimeError("no route has a path here")


@pytest.mark.parametrize(
    "settings",
    [
        {"fastapi": "of another kind"},
        {"root_path": None, "route": Route("/predict", echo)},
        {"root_path": 7},
        {"route": _Unreadable()},
    ],
)
async def test_unexpected_values_in_the_scope_are_tolerated(store, read_rows, settings):
    """Only the route is lost."""

    async def app(scope, receive, send):
        scope.update(settings)
        await echo(scope, receive, send)

    tapped = modeltap.ASGIMiddleware(app, model="m", store=store, analyze=False)
    client = Client(b"1")
    await tapped({**scope_of(), **settings}, client.receive, client.send)
    assert client.body == b"1" and modeltap.flush(10)
    (row,) = read_rows(store)
    assert row["route"] is None and row["status"] == 200


class Scope(dict):
    """A scope that a test can track by weak reference."""


async def test_a_task_that_outlives_a_request_does_not_keep_it_alive(store):
    """A task of the app keeps the context of the request, in which the tap leaves nothing large."""

    class GivingWay(modeltap.ASGIMiddleware):
        yields_to_inner = True

    contexts = []

    async def app(scope, receive, send):
        contexts.append(contextvars.copy_context())  # as a task that it starts would have
        await echo(scope, receive, send)

    tapped = GivingWay(app, model="m", store=store, analyze=False)
    scope, client = Scope(scope_of()), Client(b"1")
    gone = weakref.ref(scope)
    await tapped(scope, client.receive, client.send)
    assert client.body == b"1"
    del scope
    gc.collect()
    assert gone() is None
    ours = [v for v in contextvars.copy_context().values() if "modeltap" in type(v).__module__]
    assert not ours and contexts


class InStep(Client):
    """A client that continues only when the other one has reached the same step."""

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
    """Respond with each chunk of the body in capitals, and with the status in the path."""
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


async def test_concurrent_requests_keep_their_own_bodies_statuses_and_ids(store, read_rows):
    """Their messages alternate."""
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
