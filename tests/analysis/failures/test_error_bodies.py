"""Messages in the bodies of failed requests, in the forms of common servers."""

from __future__ import annotations

import pytest

from modeltap.analysis.failures.error_bodies import read_error


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        ('{"detail": "Not Found"}', "Not Found", None),  # FastAPI
        ('{"error": "Model iris is not ready"}', "Model iris is not ready", None),  # KServe
        ('{"error_code": "BAD_REQUEST", "message": "bad"}', "bad", "BAD_REQUEST"),  # MLflow
        ('{"code": 400, "message": "bad"}', "bad", None),
        ('{"error": {"message": "bad", "type": "invalid_request"}}', "bad", "invalid_request"),
        ('{"errors": [{"detail": "first"}, {"detail": "second"}]}', "first", None),  # JSON:API
        ('{"title": "Bad", "status": 400, "type": "about:blank"}', "Bad", "about:blank"),
        ('"Internal Server Error"', "Internal Server Error", None),
        ("Internal Server Error", "Internal Server Error", None),
        ("<!doctype html><title>500  Oops &amp; more</title><p>x", "500 Oops & more", None),
        ("<h1>Bad Request</h1><p>why", "Bad Request why", None),
        (b"\xff\xfe", "\ufffd\ufffd", None),
        ("", None, None),
        (None, None, None),
        ("{}", None, None),
        ("[]", None, None),
        ('{"detail": {"a": {"error": 1}}}', None, None),
        ("null", "null", None),
    ],
)
def test_the_message_of_a_body(body, message, code):
    assert read_error(body) == (message, code)


def test_a_document_that_is_nested_deeply_has_no_message():
    assert read_error('{"error":' * 50 + '"x"' + "}" * 50).message is None
