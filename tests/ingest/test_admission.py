"""Hosts and tokens: whatever form they come in, only those that are known are admitted."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from modeltap.errors import InputError
from modeltap.ingest.admission import Admission, PostRefused, checked_token


def request(host=(), query="", server=("10.9.8.7", 8089), **headers):
    """Return a request as a server hands it on."""
    pairs = [(b"host", one.encode("latin-1")) for one in ([host] if type(host) is str else host)]
    pairs += [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"type": "http", "headers": pairs, "query_string": query.encode(), "server": server}
    return Request(scope)


def status(admission, request):
    try:
        admission.check(request)
    except PostRefused as refused:
        return refused.status
    return None


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LocalHost:1",
        "localhost.",
        "127.0.0.1",
        "127.8.9.1:80",
        "[::1]",
        "[0:0:0:0:0:0:0:1]:80",
        "10.9.8.7:8089",
        "receiver.example.org",
        "RECEIVER.example.org.:8089",
        "a.cluster.local",
        "a.b.cluster.local",
        "[2001:db8::1]",
    ],
)
def test_known_hosts_may_post(host):
    allowed = ["receiver.example.org", "*.cluster.local", "[2001:DB8:0::1]"]
    assert status(Admission("", allowed), request(host)) is None


@pytest.mark.parametrize(
    "host",
    [
        [],
        ["localhost", "localhost"],
        ["localhost", "rebound.example"],
        "",
        "rebound.example",
        "localhost.rebound.example",
        "rebound.example:localhost",
        "localhost@rebound.example",
        "localhost/",
        "localhost#",
        "localhost rebound.example",
        "127.0.0.1.rebound.example",
        "10.9.8.6",
        "0.0.0.0",
        "[::1",
        "::1",
        "receiver.example.org.rebound.example",
        "xreceiver.example.org",
        "cluster.local",
        "xcluster.local",
        "*.cluster.local",
        "lоcalhost".encode().decode("latin-1"),
        "*",
    ],
)
def test_other_hosts_may_not(host):
    """None, several, another page's name in any disguise, an address nothing was sent to."""
    allowed = ["receiver.example.org", "*.cluster.local"]
    assert status(Admission("", allowed), request(host)) == 400


def test_any_host_may_post_where_a_star_says_so():
    assert status(Admission("", ["*"]), request("whatever.example:1")) is None
    assert status(Admission("", ["*"]), request([])) == 400


@pytest.mark.parametrize(
    ("query", "headers", "wanted"),
    [
        ("", {}, 401),
        ("token=s3same", {}, None),
        ("token=s3sam", {}, 401),
        ("token=s3samee", {}, 401),
        ("token=", {}, 401),
        ("token=%FF%00", {}, 401),
        ("", {"authorization": "Bearer s3same"}, None),
        ("", {"authorization": "bearer  s3same "}, None),
        ("", {"authorization": "Bearer"}, 401),
        ("", {"authorization": "Bearer \xff"}, 401),
        ("", {"authorization": "Basic s3same"}, 401),
        ("token=s3same", {"authorization": "Bearer other"}, 401),
        ("token=s3same", {"authorization": "Basic other"}, None),
    ],
)
def test_the_token_is_shown_as_a_bearer_or_in_the_query(query, headers, wanted):
    admission = Admission(" s3same\n", [])
    assert status(admission, request("localhost", query, **headers)) == wanted


@pytest.mark.parametrize("code", [*range(32), 127, 128, 160, 0xE9, 0x2028, 0x1F511])
def test_a_token_has_only_characters_that_a_header_can_carry(code):
    """Control characters and all beyond ASCII are refused, without quoting the token."""
    with pytest.raises(InputError) as caught:
        checked_token(f"unguessable{chr(code)}unguessable")
    assert "unguessable" not in str(caught.value)
