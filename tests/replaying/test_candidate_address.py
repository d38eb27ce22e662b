"""The URL of a candidate: what is refused, and where a request goes."""

from __future__ import annotations

import pytest

from modeltap.errors import InputError
from modeltap.replaying.candidate_address import parse_address


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "no scheme"),
        ("127.0.0.1:8001", "no scheme"),
        ("ftp://127.0.0.1", "scheme 'ftp'"),
        ("file:///etc/passwd", "scheme 'file'"),
        ("http://", "no host"),
        ("http://:8001/predict", "no host"),
        ("http://127.0.0.1:port", "not valid"),
        ("http://127.0.0.1:99999", "not valid"),
        ("http://[::1", "not valid"),
        ("http://127.0.0.1/?key=1", "a query or a fragment"),
        ("http://127.0.0.1/#top", "a query or a fragment"),
        ("http://169.254.169.254/latest", "never allowed"),
        ("http://[fe80::1]/", "never allowed"),
        ("http://0.0.0.0:8001", "never allowed"),
        ("http://no-such-host.invalid", "cannot be resolved"),
    ],
)
def test_a_wrong_url_is_refused_in_one_line(url, reason):
    with pytest.raises(InputError) as error:
        parse_address(url)
    assert reason in str(error.value) and "\n" not in str(error.value)


def test_a_password_is_in_no_message_and_no_name():
    with pytest.raises(InputError) as error:
        parse_address("http://user:s3cret@127.0.0.1/?key=1")
    assert "s3cret" not in str(error.value)
    address = parse_address("http://user:s3cret@127.0.0.1:8001/v2")
    assert address.name == "127.0.0.1:8001/v2" and address.user == ("user", "s3cret")


@pytest.mark.parametrize(
    ("url", "path", "query", "target"),
    [
        ("http://127.0.0.1", "/predict", None, b"/predict"),
        ("http://127.0.0.1/", "/", None, b"/"),
        ("http://127.0.0.1/v2/", "/", None, b"/v2/"),
        ("http://127.0.0.1/v2", "/predict", "a=1&b=%20", b"/v2/predict?a=1&b=%20"),
        ("http://127.0.0.1/v2/predict", "/predict", None, b"/v2/predict"),
        ("http://127.0.0.1/v%202", "/größe 1%", None, b"/v%202/gr%C3%B6%C3%9Fe%201%25"),
        ("http://127.0.0.1", "predict?x", None, b"/predict%3Fx"),
    ],
)
def test_a_request_keeps_its_own_path(url, path, query, target):
    """A stored path is decoded, so that it is escaped again; a query is stored as it was."""
    assert parse_address(url).target(path, query) == target
