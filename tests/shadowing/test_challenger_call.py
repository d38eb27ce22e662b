"""One request to a challenger: what it receives, and how each kind of response ends."""

from __future__ import annotations

import asyncio
import base64

import pytest

from challengers import challenging
from modeltap.config.improving.shadow_settings import parse_shadow
from modeltap.shadowing.challenger_call import ChallengerCall
from modeltap.writer.records import CapturedRecord
from modeltap.writer.shadow_outcomes import (
    CANNOT_BE_SENT,
    CONNECTION_FAILED,
    ERROR_STATUS,
    NOT_ALLOWED,
    REDIRECT,
    RESPONSE_TOO_LARGE,
    TIMEOUT,
)


def record(**fields):
    given = {"method": "POST", "path": "/predict", "request_body": b'{"x": 2}'} | fields
    return CapturedRecord("asgi", "m", **given)


def sent(url, own, **options):
    async def run():
        shadow = parse_shadow({"url": url, "allow_private": True, "timeout_seconds": 5, **options})
        call = ChallengerCall(shadow, 65_536)
        try:
            return await call.send(own)
        finally:
            await call.close()

    return asyncio.run(run())


def test_it_receives_the_request_as_it_came():
    """With method, path, query, body and kept headers, and a mark; below the path of the URL."""
    headers = [("content-type", b"application/json"), ("x-tenant", "a"), ("host", b"public.org")]
    own = record(path="/v1/pre dict/50%/\u00e9", query=b"a=1&b=%2F", request_headers=headers)
    with challenging() as challenger:
        response = sent(f"{challenger.url}/base/", own, name="next one")
    ((method, path, received, body),) = challenger.received
    assert method == "POST" and body == b'{"x": 2}'
    assert path == "/base/v1/pre%20dict/50%25/%C3%A9?a=1&b=%2F"
    assert received["content-type"] == "application/json" and received["x-tenant"] == "a"
    assert received["host"] == challenger.url.removeprefix("http://")
    assert received["x-modeltap-shadow"] == "next%20one"
    assert response.reason is None and response.body == b'{"prediction": 6}'
    assert response.duration_ms > 0


def test_a_password_in_the_url_is_sent_as_a_header():
    with challenging() as challenger:
        sent(challenger.url.replace("://", "://user:pass@"), record())
    (_, _, headers, _) = challenger.received[0]
    assert headers["authorization"] == "Basic " + base64.b64encode(b"user:pass").decode()


@pytest.mark.parametrize(
    ("behaviour", "reason", "is_failure"),
    [
        ("error", ERROR_STATUS, True),
        ("busy", ERROR_STATUS, True),
        ("refused", ERROR_STATUS, False),
        ("redirect", REDIRECT, False),
        ("large", RESPONSE_TOO_LARGE, False),
        ("never", TIMEOUT, True),
        ("drips", TIMEOUT, True),
        ("reset", CONNECTION_FAILED, True),
        ("html", None, False),
    ],
)
def test_a_response_ends_in_time_with_its_reason(behaviour, reason, is_failure):
    """One deadline holds for all of it; a redirect is not followed."""
    seconds = 0.5 if reason == TIMEOUT else 20
    with challenging(behaviour) as challenger:
        response = sent(challenger.url, record(), timeout_seconds=seconds)
    assert (response.reason, response.is_failure) == (reason, is_failure)
    assert len(challenger.received) == 1


@pytest.mark.parametrize(
    ("url", "allowed", "reason"),
    [
        ("http://127.0.0.1:9", True, CONNECTION_FAILED),
        ("http://no-such-host.invalid", True, NOT_ALLOWED),
        ("http://169.254.169.254", True, NOT_ALLOWED),
        ("http://127.1:9", False, NOT_ALLOWED),
        ("http://2130706433:9", False, NOT_ALLOWED),
    ],
)
def test_an_address_that_is_down_unknown_or_not_allowed(url, allowed, reason):
    """As for webhooks: the resolved address is checked, in any spelling."""
    response = sent(url, record(), allow_private=allowed)
    assert response.reason == reason and response.is_failure


@pytest.mark.parametrize(
    "fields",
    [
        {"request_headers": [("x-tenant", 5)]},
        {"method": 5},
        {"method": None},
        {"path": None},
        {"query": "a=1"},
    ],
)
def test_a_record_of_any_form_is_a_reason_not_an_error(fields):
    """A server may put anything into a request; an error would end the challenger's task."""
    response = sent("http://127.0.0.1:9", record(**fields))
    assert response.reason == CANNOT_BE_SENT and not response.is_failure


def test_a_request_that_http_cannot_carry_is_a_reason_not_an_error():
    with challenging() as challenger:
        response = sent(challenger.url, record(method="P\nST"))
    assert response.reason == CANNOT_BE_SENT and not response.is_failure
