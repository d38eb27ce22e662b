"""The ASGI tap: an app must not be able to tell that it is there."""

from __future__ import annotations

import contextvars
import gc
import gzip
import json
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


async def test_bodies_and_timing_are_kept_and_the_client_sees_the_same_bytes(tap):
    """Both bodies, sizes, status and times are recorded; one header is added, nothing else."""
    client = Client(b'{"x":', b" 1}")
    row = await tap(echo, client)
    assert (row["request_body"], row["response_body"]) == ('{"x": 1}', '{"x": 1}')
    assert client.body == b'{"x": 1}'
    assert row["status"] == 200 and row["request_bytes"] == 8 and row["request_read"] == 1
    assert 0 <= row["headers_ms"] <= row["first_byte_ms"] <= row["duration_ms"]
    assert client.sent[0]["headers"] == [
        (b"content-type", b"application/json"), (b"x-modeltap-id", row["id"].encode())
    ]  # fmt: skip


async def test_without_an_id_header_the_messages_are_the_apps_own(tap):
    """`id_header=None` passes the very same message objects on."""
    sent = []

    async def app(scope, receive, send):
        for message in ({"type": "http.response.start", "status": 204, "headers": []},
                        {"type": "http.response.body"}):  # fmt: skip
            sent.append(message)
            await send(message)

    client = Client()
    row = await tap(app, client, id_header=None)
    assert all(a is b for a, b in zip(client.sent, sent, strict=True))
    assert row["status"] == 204 and row["id"]


async def test_a_header_list_that_the_app_sends_again_does_not_grow(tap):
    """The id goes into a copy of the app's headers."""
    headers = [(b"a", b"b")]

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"1"})

    for _ in range(3):
        await tap(app, Client())
    assert headers == [(b"a", b"b")]


async def test_nothing_is_read_that_the_app_does_not_read(tap):
    """A body nobody asked for stays where it is, and is 'not read', which is not 'empty'."""

    async def app(scope, receive, send):
        await JSONResponse(1)(scope, receive, send)

    client = Client(b"unread")
    row = await tap(app, client)
    assert client.received == 0
    assert row["request_body"] is None and row["request_note"] == "not read"
    assert row["request_read"] == 0


async def test_receive_is_called_only_when_the_app_calls_it(tap):
    """Messages keep their order: no reading ahead."""

    async def app(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200})
        await receive()
        await send({"type": "http.response.body", "body": b"x"})

    client = Client(b"a", b"b")
    await tap(app, client)
    assert client.log == ["receive", "http.response.start", "receive", "http.response.body"]


async def test_a_disconnect_passes_through(tap):
    """The app sees that its client left."""
    seen = []

    async def app(scope, receive, send):
        await receive()
        seen.append((await receive())["type"])
        await send({"type": "http.response.start", "status": 200})

    row = await tap(app, Client(b"a"))
    assert seen == ["http.disconnect"]
    assert row["aborted"] == 1 and row["status"] == 200


async def test_an_exception_is_raised_unchanged_and_recorded_as_500(tap, store, read_rows):
    """The error is the app's own; its type and message are kept."""
    error = ValueError("no such carrier")

    async def app(scope, receive, send):
        raise error

    with pytest.raises(ValueError) as caught:
        await tap(app, Client())
    assert caught.value is error
    (row,) = read_rows(store)
    assert (row["error_type"], row["error_message"]) == ("ValueError", "no such carrier")
    assert (row["status"], row["aborted"]) == (500, None)


async def test_an_exception_after_the_start_leaves_the_status_that_was_sent(tap, store, read_rows):
    """The client got it, and a part of the body; the record says why there was no more."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"part", "more_body": True})
        raise LookupError("row 7 is gone")

    with pytest.raises(LookupError):
        await tap(app, Client())
    (row,) = read_rows(store)
    assert (row["error_type"], row["error_message"]) == ("LookupError", "row 7 is gone")
    assert (row["status"], row["aborted"], row["response_body"]) == (200, 1, "part")


async def test_the_record_of_an_exception(tap, store, read_rows):
    """Without a response the status is the server's 500; a secret in the message is not kept."""

    async def app(scope, receive, send):
        raise KeyError("password=hunter2")

    with pytest.raises(KeyError):
        await tap(app, Client())
    row = read_rows(store)[-1]
    assert (row["status"], row["error_type"], row["error_message"]) == (500, "KeyError", None)


async def test_a_stream_without_end_is_aborted(tap):
    """An app that returns before its last chunk leaves a partial record."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"part", "more_body": True})

    row = await tap(app, Client())
    assert row["aborted"] == 1 and row["response_body"] == "part"


async def test_the_record_is_complete_while_a_background_task_still_runs(tap, store, read_rows):
    """What happens after the last body message is not the client's time, nor its error."""
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
    """The app runs in the caller's own task and context."""
    variable = contextvars.ContextVar("variable", default=0)

    async def app(scope, receive, send):
        variable.set(7)
        await JSONResponse(1)(scope, receive, send)

    tapped = modeltap.ASGIMiddleware(app, model="m", store=store, analyze=False)
    client = Client()
    await tapped(scope_of(), client.receive, client.send)
    assert variable.get() == 7


@pytest.mark.parametrize("kind", ["websocket", "lifespan", "something.new"])
async def test_other_scopes_pass_untouched(store, kind):
    """Only HTTP is tapped; no other scope needs a method or a path."""
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
    """It has no bytes to keep, and is recorded as such."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.debug", "info": {}})
        await send({"type": f"http.response.{kind}", "path": "/tmp/x", "file": 3})

    client = Client()
    row = await tap(app, client)
    assert [m["type"] for m in client.sent][1:] == ["http.response.debug", f"http.response.{kind}"]
    assert row["response_note"] == "not seen" and row["aborted"] is None


async def test_bodies_are_cut_at_the_limit_while_all_bytes_pass(tap):
    """A million single bytes, kept up to `max_body_bytes`, counted whole."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(5000):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    client = Client()
    row = await tap(app, client, max_body_bytes=100)
    assert len(client.body) == 5000
    assert row["response_body"] == "x" * 100
    assert row["response_bytes"] == 5000 and row["response_truncated"] == 1


async def test_a_cut_does_not_split_a_character(tap):
    """Text that was cut in the middle of a character stays text."""
    row = await tap(echo, Client("aé".encode() * 50), max_body_bytes=5)
    assert row["request_body"] == "aéa"


@pytest.mark.parametrize(
    ("body", "kept", "note"),
    [
        (b"", None, "empty"),
        (b"no json", "no json", None),
        (b'{"cut": ', '{"cut": ', None),
        (b"\x89PNG\r\n\x1a\n\x00\xff\xfe", b"\x89PNG\r\n\x1a\n\x00\xff\xfe", None),
        (b"nul\x00byte", b"nul\x00byte", None),
        (b"\xff\xfe\x00", b"\xff\xfe\x00", None),
        (b'{"password": "hunter2"', None, "unmaskable"),
        (b'{"user": {"api_key": [1]}}', '{"user":{"api_key":"[masked]"}}', "masked"),
    ],
)
async def test_a_body_of_any_kind_is_kept_as_it_is_or_said_why_not(tap, body, kept, note):
    """Whatever a body holds, the exchange is there and the app never notices."""
    client = Client(body)
    row = await tap(echo, client)
    assert client.body == body
    assert (row["request_body"], row["request_note"]) == (kept, note)


async def test_head_and_missing_body_keys(tap):
    """A body message without a body is an empty one."""

    async def app(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    row = await tap(app, Client(), scope_of(method="HEAD"))
    assert row["method"] == "HEAD" and row["response_bytes"] == 0


async def answer(request):
    return PlainTextResponse("ok")


@pytest.mark.parametrize(
    ("path", "template"),
    [("/flights/7", "/flights/{id}"), ("/sub/deep/7", "/sub/deep/{id}"), ("/nowhere", None)],
)
async def test_the_route_is_the_template_also_below_a_mount(tap, path, template):
    """Starlette's routes and mounts."""
    routes = [Route("/flights/{id}", answer), Mount("/sub", routes=[Route("/deep/{id}", answer)])]
    row = await tap(Starlette(routes=routes), Client(), scope_of(path, "GET"))
    assert row["route"] == template and row["path"] == path


async def test_the_route_of_an_included_router_is_whole(tap):
    """FastAPI keeps an included route's path apart from the router's own."""
    router = APIRouter(prefix="/in")

    @router.get("/x/{a}")
    async def x(a: int) -> int:
        return a

    app = FastAPI()
    app.include_router(router, prefix="/api")
    row = await tap(app, Client(), scope_of("/api/in/x/1", "GET"))
    assert row["route"] == "/api/in/x/{a}" and row["status"] == 200


async def test_health_and_docs_are_left_out_and_paths_can_be_chosen(tap):
    """The default leaves out what no model answers; both lists take patterns."""
    assert await tap(echo, Client(b"1"), scope_of("/health")) is None
    assert await tap(echo, Client(b"1"), scope_of("/other"), include_paths=["/v*/predict"]) is None
    row = await tap(echo, Client(b"1"), scope_of("/v1/predict"), include_paths=["/v*/predict"])
    assert row["path"] == "/v1/predict"


@pytest.mark.parametrize(
    ("path", "taken"),
    [("/api/health", None), ("/health", None), ("/api/predict", "/predict"), ("/apiary", None)],
)
async def test_paths_are_the_apps_own(tap, path, taken):
    """Whether or not the server puts its root_path before them."""
    scope = scope_of(path, root_path="/api")
    row = await tap(echo, Client(b"1"), scope, exclude_paths=["/health", "/apiary"])
    assert (row and row["path"]) == taken


async def test_a_mounted_app_that_is_tapped_itself_has_its_mount_in_path_and_route(
    store, read_rows
):
    """The same as if the app around it were tapped."""
    inner = FastAPI()
    inner.add_api_route("/flights/{name}", lambda name: name)
    modeltap.watch(inner, model="m", store=store, analyze=False)
    outer, client = Starlette(routes=[Mount("/inner", inner)]), Client()
    scope = scope_of("/api/inner/flights/7", "GET", root_path="/api")
    await outer(scope, client.receive, client.send)
    assert modeltap.flush(10)
    (row,) = read_rows(store)
    assert (row["path"], row["route"]) == ("/inner/flights/7", "/inner/flights/{name}")


async def test_sampling_goes_by_the_trace_and_is_the_same_everywhere(tap):
    """The same trace is in or out whoever is asked."""
    low, high = "0af7651916cd43dd8448eb2100000000", "0af7651916cd43dd8448eb21ffffffff"
    for trace, wanted in ((low, True), (high, False)):
        headers = [(b"traceparent", f"00-{trace}-b7ad6b7169203331-01".encode())]
        row = await tap(echo, Client(b"1"), scope_of(headers=headers), sample_rate=0.5)
        assert (row is not None and row["trace_id"] == trace) is wanted


async def failing(scope, receive, send):
    await send({"type": "http.response.start", "status": 503, "headers": []})
    await send({"type": "http.response.body", "body": b"no"})


async def test_errors_are_kept_at_their_own_rate(tap, store, read_rows):
    """Beside the sample: a failure that no sample holds is kept, and stands for nobody."""
    rates = {"sample_rate": 0.5, "error_sample_rate": 1.0}

    def traced(last):
        return scope_of(headers=[(b"traceparent", f"00-{'1' * 24}{last}-{'2' * 16}-01".encode())])

    assert (await tap(failing, Client(), traced("00000000"), **rates))["sample_rate"] == 0.5
    assert (await tap(failing, Client(), traced("ffffffff"), **rates))["sample_rate"] == 0
    await tap(echo, Client(b"1"), traced("ffffffff"), **rates)
    with pytest.raises(RuntimeError):
        await tap(raising, Client(), traced("fffffffe"), **rates)
    assert [row["status"] for row in read_rows(store)] == [503, 503, 500]


async def raising(scope, receive, send):
    raise RuntimeError("no")


async def test_only_these_methods(tap, store, read_rows):
    """In whatever case they are written."""
    for method in ("GET", "POST", "OPTIONS"):
        await tap(echo, Client(b"1"), scope_of(method=method), methods="post")
    assert [row["method"] for row in read_rows(store)] == ["POST"]


async def test_the_apps_own_mask(tap):
    """It sees plain bodies and their type; what it raises on, or gives nothing for, is not kept."""
    seen = []

    def mask(body, content_type):
        seen.append((body, content_type))
        return {b"keep": b"keep", b"change": b"changed", b"nothing": None}[body]

    async def answer(body, headers=()):
        row = await tap(echo, Client(body), scope_of(headers=headers), mask_body=mask)
        return [row[f"re{side}"] for side in ("quest_body", "quest_note", "sponse_body")]

    assert await answer(b"keep", [(b"Content-Type", b"text/plain")]) == ["keep", None, "keep"]
    assert seen == [(b"keep", "text/plain"), (b"keep", "application/json")]
    assert await answer(b"change") == ["changed", "masked", "changed"]
    assert await answer(b"nothing") == [None, "unmaskable", None]
    assert await answer(b"raises KeyError") == [None, "unmaskable", None]
    zipped = [(b"content-encoding", b"gzip")]
    kept = await answer(gzip.compress(b"change"), zipped)
    assert kept[:2] == ["changed", "masked"]


async def test_headers_are_kept_by_name_only_and_masked(tap):
    """Nothing but what was chosen; sensitive ones never in clear."""
    headers = [(b"user-agent", b"test"), (b"authorization", b"Bearer x"), (b"x-other", b"1")]
    row = await tap(
        echo, Client(b"1"), scope_of(headers=headers),
        capture_request_headers=["User-Agent", "Authorization"],
    )  # fmt: skip
    assert json.loads(row["request_headers"]) == {
        "user-agent": "test", "authorization": "[masked]"
    }  # fmt: skip


async def test_a_body_that_is_not_wanted_is_counted_and_not_kept(tap):
    """Of either side alone; the client sees all of it, and the other side is kept."""
    body = b'{"x": 1}'
    for side, other in (("request", "response"), ("response", "request")):
        client = Client(body[:3], body[3:])
        row = await tap(echo, client, **{f"capture_{side}_body": False, "max_body_bytes": 5})
        assert client.body == body
        assert (row[f"{side}_body"], row[f"{side}_note"]) == (None, "not captured")
        assert (row[f"{side}_bytes"], row[f"{side}_truncated"]) == (8, None)
        assert (row[f"{other}_body"], row[f"{other}_note"]) == ('{"x":', None)
        assert (row[f"{other}_bytes"], row[f"{other}_truncated"]) == (8, 1)


async def test_the_query_is_kept_masked(tap):
    """A token in a URL is as secret as one in a body."""
    row = await tap(echo, Client(b"1"), scope_of(query=b"a=1&api_key=s3cret"))
    assert row["query"] == "a=1&api_key=%5Bmasked%5D"


async def test_disabled_means_nothing_at_all(tap, store):
    """MODELTAP_DISABLED, or the option, turns everything off."""
    client = Client(b"1")
    await tap(echo, client, disabled=True)
    assert client.body == b"1" and not store.exists()
    assert [name for name, _ in client.sent[0]["headers"]] == [b"content-type"]


async def test_our_own_failure_is_logged_once_and_never_the_apps(tap, store, caplog):
    """Rule zero: a recorder that fails costs its record, and nothing else."""
    tapped = modeltap.ASGIMiddleware(echo, model="m", store=store, analyze=False)
    tapped.tee._recorder = "broken"
    for _ in range(3):
        client = Client(b"1")
        await tapped(scope_of(), client.receive, client.send)
        assert client.body == b"1"
    assert len([r for r in caplog.records if "could not be tapped" in r.message]) == 1


class _Unreadable:
    @property
    def path(self):
        raise RuntimeError("no route has a path here")


@pytest.mark.parametrize("said", [
    {"fastapi": "of another kind"}, {"root_path": None, "route": Route("/predict", echo)},
    {"root_path": 7}, {"route": _Unreadable()},
])  # fmt: skip
async def test_what_stands_in_the_scope_is_the_apps(store, read_rows, said):
    """Something odd there costs the route, and nothing else."""

    async def app(scope, receive, send):
        scope.update(said)
        await echo(scope, receive, send)

    tapped = modeltap.ASGIMiddleware(app, model="m", store=store, analyze=False)
    client = Client(b"1")
    await tapped({**scope_of(), **said}, client.receive, client.send)
    assert client.body == b"1" and modeltap.flush(10)
    (row,) = read_rows(store)
    assert row["route"] is None and row["status"] == 200


async def test_a_model_by_path_and_by_function(tap):
    """One app may serve several models; None leaves a path alone."""
    models = {"/a/*": "alpha", "/b/*": "beta"}

    async def run(path, model):
        client = Client(b"1")
        tapped = modeltap.ASGIMiddleware(echo, model=model, analyze=False, store="m.db")
        await tapped(scope_of(path), client.receive, client.send)

    await run("/a/1", models)
    await run("/c/1", models)
    await run("/z", lambda path: "named" if path == "/z" else None)
    modeltap.flush(10)
    import sqlite3

    found = sqlite3.connect("m.db").execute("select model from exchanges order by seq").fetchall()
    assert found == [("alpha",), ("named",)]


async def in_pieces(scope, receive, send):
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/event-stream")]})  # fmt: skip
    for piece in (b"data: 1\n\n", b"data: ", b"2\n\ndata: 3\n\n"):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        await anyio.sleep(0.002)
    await send({"type": "http.response.body", "body": b""})


async def test_when_each_line_of_a_stream_had_come_is_kept(tap):
    """Of pieces, however they cut the lines; a response in one piece has nothing to tell."""
    row = await tap(in_pieces, Client(b"{}"))
    stream = json.loads(row["stream"])
    assert stream["chunks"] == 3
    assert [lines for _, lines in stream["lines"]] == [2, 6]
    moments = [moment for moment, _ in stream["lines"]]
    assert moments[0] == pytest.approx(row["first_byte_ms"], abs=0.001)
    assert moments[0] < moments[1] < row["duration_ms"]
    assert 0 < stream["gap_p50_ms"] <= stream["gap_p95_ms"] <= stream["gap_max_ms"]
    assert (await tap(echo, Client(b"{}")))["stream"] is None


async def test_times_of_endless_small_pieces_are_bounded_and_all_are_counted(tap):
    """A record stays small whatever an app sends."""

    async def drops(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(10_000):
            await send({"type": "http.response.body", "body": b"{\n", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    row = await tap(drops, Client(b""))
    stream = json.loads(row["stream"])
    assert (stream["chunks"], row["response_bytes"]) == (10_000, 20_000)
    assert len(stream["lines"]) == 512


async def test_headers_without_which_a_protocol_cannot_be_read_are_kept_by_themselves(tap):
    """And no other, unless it is named."""
    headers = [(b"ce-id", b"7"), (b"inference-header-content-length", b"12"), (b"x-own", b"no"),
               (b"ce-source", b"/users/7"), (b"ce-type", b"t"), (b"ce-time", b"now")]  # fmt: skip
    row = await tap(echo, Client(b"{}"), scope_of(headers=headers))
    assert json.loads(row["request_headers"]) == {
        "ce-id": "7", "inference-header-content-length": "12",
    }  # fmt: skip


async def test_bodies_are_kept_as_they_came_where_somebody_says_so(tap):
    """`mask_bodies=False`; query parameters stay masked."""
    body = b'{"token": "t",  "x": 1}'
    row = await tap(echo, Client(body), scope_of(query=b"token=t"), mask_bodies=False)
    assert (row["request_body"], row["request_note"]) == (body.decode(), None)
    assert row["query"] == "token=%5Bmasked%5D"
    row = await tap(echo, Client(b"\xff\0"), mask_bodies=False)
    assert row["request_body"] == b"\xff\0"


async def test_a_request_id_is_masked_by_its_look(tap):
    """Clients write it, so anything may stand in it."""
    headers = [(b"x-request-id", b"from ann@example.org")]
    row = await tap(echo, Client(b"1"), scope_of(headers=headers), mask_values=["email"])
    assert row["request_id"] == "from [masked]"


async def test_of_a_stream_that_its_own_mask_changed_no_lines_are_told(tap):
    """Its pieces end elsewhere; what was only cut, or left as it was, still has its lines."""
    shorter = await tap(in_pieces, Client(b"{}"), mask_body=lambda body, _: body[9:])
    assert "lines" not in (stream := json.loads(shorter["stream"])) and stream["chunks"] == 3
    as_it_was = await tap(in_pieces, Client(b"{}"), mask_body=lambda body, _: body)
    cut = await tap(in_pieces, Client(b"{}"), max_body_bytes=20)
    for row, lines in ((as_it_was, [2, 6]), (cut, [2, 4])):
        assert [count for _, count in json.loads(row["stream"])["lines"]] == lines


class Scope(dict):
    """A scope that a test can see go."""


async def test_what_outlives_a_request_does_not_hold_it(store):
    """A task that the app starts within it has its context; the tap leaves none behind itself."""

    class GivingWay(modeltap.ASGIMiddleware):
        gives_way = True

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


async def test_paths_name_a_bounded_number_of_models(store):
    """Clients write them: what is too long, or one too many, is the default model's."""
    tapped = modeltap.ASGIMiddleware(echo, store=store, analyze=False)

    def model_of(name):
        exchange = tapped.tee.begin("POST", f"/v2/models/{name}/infer", b"", ())
        return exchange.model

    assert (model_of("x" * 201), model_of("x" * 200)) == ("default", "x" * 200)
    assert {model_of(f"m{n}") for n in range(99)} == {f"m{n}" for n in range(99)}
    assert (model_of("m99"), model_of("m98")) == ("default", "m98")
