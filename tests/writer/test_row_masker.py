"""Rows of exchanges: bodies, headers and times, after masking."""

from __future__ import annotations

import gzip
import json
from array import array

import anyio
import pytest
from msgspec.structs import asdict

from asgi_client import Client, echo, scope_of
from modeltap.config.settings import Settings
from modeltap.writer.records import CapturedRecord, origin_of
from modeltap.writer.row_masker import RowMasker

pytestmark = pytest.mark.anyio


async def test_an_exception_is_recorded_without_secrets(tap, store, read_rows):
    """Without a response the status is 500; a secret in the message is not stored."""

    async def app(scope, receive, send):
        raise KeyError("password=hunter2")

    with pytest.raises(KeyError):
        await tap(app, Client())
    row = read_rows(store)[-1]
    assert (row["status"], row["error_type"], row["error_message"]) == (500, "KeyError", None)


def repeated(chunk, count):
    """Return an app that sends `chunk` a number of times, and then the end."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(count):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return app


async def test_bodies_are_truncated_at_the_limit_while_all_bytes_pass(tap):
    """A million single bytes are stored up to `max_body_bytes` and counted completely."""

    client = Client()
    row = await tap(repeated(b"x", 5000), client, max_body_bytes=100)
    assert len(client.body) == 5000
    assert row["response_body"] == "x" * 100
    assert row["response_bytes"] == 5000 and row["response_truncated"] == 1


async def test_truncation_does_not_split_a_character(tap):
    """Text that is truncated within a character remains text."""
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
async def test_any_body_is_stored_unchanged_or_has_a_note(tap, body, kept, note):
    """The exchange is stored for any body, and the app is not affected."""
    client = Client(body)
    row = await tap(echo, client)
    assert client.body == body
    assert (row["request_body"], row["request_note"]) == (kept, note)


async def test_the_apps_own_mask_is_applied(tap):
    """It receives plain bodies and their type; if it raises or returns None, nothing is stored."""
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


async def test_headers_are_stored_by_name_and_masked(tap):
    """Only configured headers; sensitive ones never in clear text."""
    headers = [(b"user-agent", b"test"), (b"authorization", b"Bearer x"), (b"x-other", b"1")]
    row = await tap(
        echo,
        Client(b"1"),
        scope_of(headers=headers),
        capture_request_headers=["User-Agent", "Authorization"],
    )
    assert json.loads(row["request_headers"]) == {"user-agent": "test", "authorization": "[masked]"}


async def test_a_body_that_is_not_captured_is_only_counted(tap):
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


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({"event_time": "body:when"}, None),
        ({"event_time": "header:X-When"}, "2024-01-01T10:00:00Z"),
        ({"event_time": "header:X-Other"}, None),
        ({"event_time": "request"}, "started_at"),
    ],
)
@pytest.mark.parametrize("everybody", ["request", "header:X-Time", "body:ts"])
async def test_the_event_time_and_version_of_a_model_override_the_general_ones(
    tap, own, expected, everybody
):
    """The section of the model has precedence."""
    headers = [(b"x-when", b"2024-01-01T10:00:00Z"), (b"x-time", b"2023-01-01T10:00:00Z")]
    row = await tap(
        echo,
        Client(b"1"),
        scope_of(headers=headers),
        event_time=everybody,
        version="1",
        models={"m": {**own, "version": "2"}},
    )
    assert row["event_time"] == (row["started_at"] if expected == "started_at" else expected)
    assert row["version"] == "2"


async def test_the_query_is_stored_masked(tap):
    """A token in a URL is as secret as one in a body."""
    row = await tap(echo, Client(b"1"), scope_of(query=b"a=1&api_key=s3cret"))
    assert row["query"] == "a=1&api_key=%5Bmasked%5D"


async def test_headers_that_protocols_need_are_stored_by_default(tap):
    """Others only if they are configured."""
    headers = [
        (b"ce-id", b"7"),
        (b"inference-header-content-length", b"12"),
        (b"x-own", b"no"),
        (b"ce-source", b"/users/7"),
        (b"ce-type", b"t"),
        (b"ce-time", b"now"),
    ]
    row = await tap(echo, Client(b"{}"), scope_of(headers=headers))
    assert json.loads(row["request_headers"]) == {
        "ce-id": "7",
        "inference-header-content-length": "12",
    }


async def test_bodies_are_stored_unchanged_without_masking(tap):
    """`mask_bodies=False`; query parameters stay masked."""
    body = b'{"token": "t",  "x": 1}'
    row = await tap(echo, Client(body), scope_of(query=b"token=t"), mask_bodies=False)
    assert (row["request_body"], row["request_note"]) == (body.decode(), None)
    assert row["query"] == "token=%5Bmasked%5D"
    row = await tap(echo, Client(b"\xff\0"), mask_bodies=False)
    assert row["request_body"] == b"\xff\0"


async def test_a_request_id_is_masked_by_format(tap):
    """Clients choose it, so it may contain anything."""
    headers = [(b"x-request-id", b"from ann@example.org")]
    row = await tap(echo, Client(b"1"), scope_of(headers=headers), mask_values=["email"])
    assert row["request_id"] == "from [masked]"


async def in_chunks(scope, receive, send):
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"text/event-stream")],
        }
    )
    for chunk in (b"data: 1\n\n", b"data: ", b"2\n\ndata: 3\n\n"):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await anyio.sleep(0.002)
    await send({"type": "http.response.body", "body": b""})


async def test_the_time_of_each_line_of_a_stream_is_stored(tap):
    """For any split into chunks; a response in one chunk has no times."""
    row = await tap(in_chunks, Client(b"{}"))
    stream = json.loads(row["stream"])
    assert stream["chunks"] == 3
    assert [lines for _, lines in stream["lines"]] == [2, 6]
    moments = [moment for moment, _ in stream["lines"]]
    assert moments[0] == pytest.approx(row["first_byte_ms"], abs=0.001)
    assert moments[0] < moments[1] < row["duration_ms"]
    assert 0 < stream["gap_p50_ms"] <= stream["gap_p95_ms"] <= stream["gap_max_ms"]
    assert (await tap(echo, Client(b"{}")))["stream"] is None


async def test_times_of_many_small_chunks_are_bounded_and_all_are_counted(tap):
    """A record stays small for any response."""

    row = await tap(repeated(b"{\n", 10_000), Client(b""))
    stream = json.loads(row["stream"])
    assert (stream["chunks"], row["response_bytes"]) == (10_000, 20_000)
    assert len(stream["lines"]) == 512


async def test_lines_of_a_stream_changed_by_the_apps_mask_are_not_timed(tap):
    """Its chunks end elsewhere; a truncated or unchanged stream still has times."""
    shorter = await tap(in_chunks, Client(b"{}"), mask_body=lambda body, _: body[9:])
    assert "lines" not in (stream := json.loads(shorter["stream"])) and stream["chunks"] == 3
    as_it_was = await tap(in_chunks, Client(b"{}"), mask_body=lambda body, _: body)
    cut = await tap(in_chunks, Client(b"{}"), max_body_bytes=20)
    for row, lines in ((as_it_was, [2, 6]), (cut, [2, 4])):
        assert [count for _, count in json.loads(row["stream"])["lines"]] == lines


def test_each_fact_is_in_its_own_column():
    """Every field of the record has another value, and the row has it under its name."""
    settings = Settings(
        version="v1", environment="staging", sample_rate=0.5, event_time="header:x-time"
    )
    times = array("d", (1.0, 2, 3.5, 4)).tobytes()
    record = CapturedRecord(
        origin=0,
        id="id-1",
        source="asgi",
        model="m",
        started_at=1_362_355_200.25,
        method="POST",
        path="/predict/7",
        query=b"a=1",
        route="/predict/{n}",
        status=201,
        headers_ms=1.0,
        first_byte_ms=2.0,
        duration_ms=3.0,
        request_headers=(
            ("content-type", b"text/csv"),
            ("content-encoding", b"identity"),
            ("x-request-id", b"r-1"),
            ("traceparent", b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"),
            ("x-time", b"2013-03-04"),
            ("ce-id", b"c-1"),
        ),
        response_headers=(("content-type", b"text/plain"), ("x-bentoml-request-id", b"b-1")),
        request_body=b"1,2",
        response_body=b"ab\ncd\n",
        request_bytes=3,
        response_bytes=6,
        request_read=True,
        response_truncated=True,
        response_note="masked",
        error_type="ValueError",
        error_message="no",
        chunks=(2, times),
    )
    masker = RowMasker(origin_of(settings, 12, "host"))
    for _ in range(2):  # the second row is made of cached facts
        assert asdict(masker.row(record)) == {
            "id": "id-1",
            "model": "m",
            "source": "asgi",
            "started_at": "2013-03-04T00:00:00.250Z",
            "event_time": "2013-03-04",
            "path": "/predict/7",
            "query": "a=1",
            "headers_ms": 1.0,
            "first_byte_ms": 2.0,
            "duration_ms": 3.0,
            "request_body": "1,2",
            "response_body": "ab\ncd\n",
            "request_bytes": 3,
            "response_bytes": 6,
            "request_id": "r-1",
            "trace_id": "a" * 32,
            "error_message": "no",
            "stream": '{"chunks":2,"gap_p50_ms":2.5,"gap_p95_ms":2.5,"gap_max_ms":2.5}',
            "version": "v1",
            "environment": "staging",
            "method": "POST",
            "route": "/predict/{n}",
            "status": 201,
            "error_type": "ValueError",
            "request_type": "text/csv",
            "response_type": "text/plain",
            "request_encoding": "identity",
            "response_encoding": None,
            "request_headers": '{"ce-id": "c-1"}',
            "response_headers": '{"x-bentoml-request-id": "b-1"}',
            "request_note": None,
            "response_note": "masked",
            "request_read": True,
            "request_truncated": None,
            "response_truncated": True,
            "aborted": None,
            "sample_rate": 0.5,
            "pid": 12,
            "host": "host",
        }


def test_a_sensitive_header_is_masked_in_each_exchange():
    """Headers that are masked are not cached, so that no later message quotes them either."""
    secret = "hunter2"
    settings = Settings(capture_request_headers=("x-token",))
    masker = RowMasker(origin_of(settings, 1, "host"))
    for _ in range(2):
        row = masker.row(
            CapturedRecord(
                origin=0,
                id="i",
                source="asgi",
                model="m",
                started_at=0.0,
                request_headers=(("x-token", secret.encode()),),
                error_message=f"refused {secret}",
            )
        )
        assert secret not in str(asdict(row))
        assert row.error_message == "refused [masked]"
