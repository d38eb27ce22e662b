"""Sampling: a fraction of exchanges is recorded, and some are never tapped."""

from __future__ import annotations

import pytest

from asgi_client import Client, echo, scope_of

pytestmark = pytest.mark.anyio


async def test_sampling_decides_by_trace_in_all_services(tap):
    """Every service makes the same decision for a trace."""
    low, high = "0af7651916cd43dd8448eb2100000000", "0af7651916cd43dd8448eb21ffffffff"
    for trace, wanted in ((low, True), (high, False)):
        headers = [(b"traceparent", f"00-{trace}-b7ad6b7169203331-01".encode())]
        row = await tap(echo, Client(b"1"), scope_of(headers=headers), sample_rate=0.5)
        assert (row is not None and row["trace_id"] == trace) is wanted


async def failing(scope, receive, send):
    await send({"type": "http.response.start", "status": 503, "headers": []})
    await send({"type": "http.response.body", "body": b"no"})


async def test_errors_are_recorded_at_their_own_rate(tap, store, read_rows):
    """A failure outside the sample is recorded, and has a sample rate of 0."""
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


async def test_only_configured_methods_are_tapped(tap, store, read_rows):
    """In any case."""
    for method in ("GET", "POST", "OPTIONS"):
        await tap(echo, Client(b"1"), scope_of(method=method), methods="post")
    assert [row["method"] for row in read_rows(store)] == ["POST"]


async def test_a_disabled_tap_does_nothing(tap, store):
    """MODELTAP_DISABLED, or the option, turns everything off."""
    client = Client(b"1")
    await tap(echo, client, disabled=True)
    assert client.body == b"1" and not store.exists()
    assert [name for name, _ in client.sent[0]["headers"]] == [b"content-type"]
