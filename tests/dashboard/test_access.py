"""Access to the dashboard, for whatever a request shows."""

from __future__ import annotations

import re

import pytest

from modeltap.tap.endpoints.page_access import COOKIE, DashboardAccess

HEADERS = ("content-security-policy", "x-content-type-options", "referrer-policy")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "evil.example:8400",
        "[::1",
        "localhost@evil",
        "a" * 9000,
    ],
)
def test_a_foreign_host_header_sees_nothing(pages, host):
    answer = pages.get("/", headers={"host": host})
    assert answer.status_code == 403 and "cli.db" not in answer.text and "amount" not in answer.text


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:8400"])
def test_loopback_names_are_known(pages, host):
    assert pages.get("/", headers={"host": host}).status_code == 200


def test_without_a_token_only_loopback_is_answered(browse, files):
    client = browse(files / "cli.db", peer="10.0.0.7")
    answer = client.get("/")
    assert answer.status_code == 403 and "token" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": "Bearer"},
        {"authorization": "Basic c2VjcmV0"},
        {"authorization": "Bearer secre"},
        {"cookie": f"{COOKIE}=wrong"},
        {"cookie": "\x7f=;=;;"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/", "/static/dashboard.css", "/alerts", "/nothing"])
def test_no_token_or_a_wrong_one_is_401(browse, files, headers, path):
    client = browse(files / "cli.db", DashboardAccess("secret"), peer="10.0.0.7")
    answer = client.get(path, headers=headers)
    assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
    assert "amount" not in answer.text


@pytest.mark.parametrize("token", ["wrong", "", "secret2", "\udcff"])
def test_a_wrong_token_in_the_address(browse, files, token):
    client = browse(files / "cli.db", DashboardAccess("secret"))
    answer = client.get("/", params={"token": token.encode("utf-8", "replace").decode()})
    assert answer.status_code == 401


def test_a_browser_is_asked_for_the_token(browse, files):
    """Nothing of the store is shown; the form leads to the page that was asked for."""
    client = browse(files / "cli.db", DashboardAccess("secret"), peer="10.0.0.7")
    answer = client.get("/exchanges?text=a", headers={"accept": "text/html"})
    assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert 'name="token"' in answer.text and "amount" not in answer.text
    hidden = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', answer.text)
    opened = client.get("/exchanges", params={**dict(hidden), "token": "secret"})
    assert opened.status_code == 303 and opened.headers["location"] == "/exchanges?text=a"


def test_the_token_moves_from_the_address_into_a_cookie(browse, files):
    """So that it is in no history, log or referrer; other parts of the address stay."""
    client = browse(files / "cli.db", DashboardAccess("secret"), peer="10.0.0.7")
    answer = client.get("/exchanges?token=secret&text=a+b")
    assert answer.status_code == 303 and answer.headers["location"] == "/exchanges?text=a+b"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "secret" not in cookie
    assert client.get("/exchanges").status_code == 200
    other = browse(files / "cli.db", DashboardAccess("secret"), peer="10.0.0.7")
    assert other.get("/", headers={"authorization": "Bearer secret"}).status_code == 200


def test_security_headers_are_on_every_answer(pages, browse, files):
    for answer in (pages.get("/"), pages.get("/nothing"), pages.get("/static/dashboard.js")):
        assert all(name in answer.headers for name in HEADERS)
        assert "unsafe-inline" not in answer.headers["content-security-policy"]
    assert pages.get("/").headers["cache-control"] == "no-store"
    assert pages.get("/static/dashboard.js").headers["cache-control"] == "private, max-age=300"
    refused = browse(files / "cli.db", DashboardAccess("secret")).get("/static/dashboard.js")
    assert refused.headers["cache-control"] == "no-store"
    assert all(name in refused.headers for name in HEADERS)


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1:9999"])
def test_a_write_from_elsewhere_is_refused(pages, origin):
    headers = {} if origin is None else {"origin": origin}
    answer = pages.post("/alerts/x", data={"action": "acknowledge"}, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_a_write_without_the_form_token_is_refused(pages, token):
    answer = pages.post(
        "/alerts/x",
        data={"action": "acknowledge", "form_token": token},
        headers={"origin": "http://127.0.0.1:8400"},
    )
    assert answer.status_code == 403
