"""Who may see pages: by client, proxy, Host and token."""

from __future__ import annotations

import pytest

from modeltap.tap.endpoints.own_endpoint import OwnRequest
from modeltap.tap.endpoints.page_access import COOKIE, DashboardAccess

LOCAL = OwnRequest("GET", "", "/", headers={"host": "localhost:8000"}, client="127.0.0.1")


def status(access, request):
    refused = access.refusal(request)
    return None if refused is None else refused.status


def with_headers(**headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return LOCAL._replace(headers={**LOCAL.headers, **named})


@pytest.mark.parametrize("client", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_loopback_clients_need_no_token(client):
    assert status(DashboardAccess(), LOCAL._replace(client=client)) is None


@pytest.mark.parametrize(
    "client", ["", "10.0.0.7", "127.0.0.1.evil", "testclient", "::ffff:10.0.0.7", "localhost"]
)
def test_others_do(client):
    assert status(DashboardAccess(), LOCAL._replace(client=client)) == 403


@pytest.mark.parametrize(
    "name",
    [
        "forwarded",
        "via",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-port",
        "x-real-ip",
        "cf-connecting-ip",
    ],
)
@pytest.mark.parametrize("value", ["127.0.0.1", "", "for=127.0.0.1"])
def test_behind_a_proxy_nobody_is_local(name, value):
    """Each client of a proxy on the same machine looks like a loopback one."""
    assert status(DashboardAccess(), with_headers(**{name: value})) == 403


def test_a_proxy_without_headers_is_known_by_its_http():
    """nginx, as it is installed."""
    assert status(DashboardAccess(), LOCAL._replace(http_version="1.0")) == 403
    asked = LOCAL._replace(http_version="1.0", query="token=t0ken")
    assert status(DashboardAccess("t0ken"), asked) is None


@pytest.mark.parametrize(
    "host", ["", "evil.example", "localhost.evil.example", "evil@localhost.x", "[::1", "10.0.0.7"]
)
def test_a_foreign_host_is_refused_without_a_token(host):
    assert status(DashboardAccess(), with_headers(host=host)) == 403


def test_configured_hosts_are_known_in_any_case():
    access = DashboardAccess("t", frozenset({"models.example"}))
    asked = with_headers(host="Models.Example.:443", authorization="Bearer t")
    assert status(access, asked) is None
    assert status(access, with_headers(host="other.example", authorization="Bearer t")) == 403


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"authorization": "bearer  t0ken "}, ""),
        ({}, "a=b&token=t0ken"),
        ({"cookie": f'app={{"x": 1}}; {COOKIE}={DashboardAccess("t0ken").cookie()}; a'}, ""),
    ],
)
def test_the_token_by_header_address_or_cookie(headers, query):
    """The app's own cookies may have any form."""
    asked = with_headers(**headers)._replace(query=query, client="10.0.0.7")
    assert status(DashboardAccess("t0ken"), asked) is None


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, ""),
        ({"authorization": "Bearer"}, ""),
        ({"authorization": "t0ken"}, ""),
        ({"authorization": "Bearer t0ke"}, ""),
        ({"authorization": "Bearer \udcff"}, ""),
        ({}, "token="),
        ({}, "token=T0KEN"),
        ({"cookie": f"{COOKIE}=t0ken"}, ""),
        ({"cookie": f"{COOKIE}={DashboardAccess('other').cookie()}"}, ""),
        ({"cookie": f"x{COOKIE}={DashboardAccess('t0ken').cookie()}"}, ""),
    ],
)
def test_no_token_or_a_wrong_one(headers, query):
    """From loopback, too."""
    assert status(DashboardAccess("t0ken"), with_headers(**headers)._replace(query=query)) == 401


def test_the_secret_and_the_token_of_forms():
    access = DashboardAccess()
    assert access.is_form_token(access.form_token())
    assert not access.is_form_token(DashboardAccess().form_token())
