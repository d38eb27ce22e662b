"""The page that asks for the token."""

from __future__ import annotations

import re

import pytest

from modeltap.tap.endpoints.own_endpoint import OwnRequest
from modeltap.tap.endpoints.sign_in import HEADERS, is_browser, sign_in_page

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"


@pytest.mark.parametrize(
    ("method", "accept", "expected"),
    [
        ("GET", HTML, True),
        ("POST", HTML, False),
        ("HEAD", HTML, False),
        ("GET", "*/*", False),
        ("GET", "application/json", False),
        ("GET", "", False),
    ],
)
def test_only_a_browser_gets_a_page(method, accept, expected):
    """A program gets the line of text that it can print."""
    assert is_browser(OwnRequest(method, "", "/", headers={"accept": accept})) is expected


@pytest.mark.parametrize(
    "query",
    [
        "text=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "%22%3E%3Cscript%3E=1",
        "model={reason}&{role}=%7B0%7D",
        "text=%ff%00\udcff",
        "&".join(f"f{n}=<script>" for n in range(1000)),
    ],
)
def test_an_address_is_only_text(query):
    page = sign_in_page(OwnRequest("GET", "", "/", query)).decode()
    assert "<script" not in page and page.count("<form") == 1
    assert page.count("<input") <= 31


def test_the_form_keeps_the_address_but_no_token():
    """So that a link of an alert's message leads to the alert; a wrong token is named as such."""
    page = sign_in_page(OwnRequest("GET", "", "/alerts", "id=a1&token=secret%22&last=7d")).decode()
    hidden = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page)
    assert hidden == [("id", "a1"), ("last", "7d")]
    assert "secret" not in page and 'role="alert">This token is wrong.' in page
    first = sign_in_page(OwnRequest("GET", "", "/alerts")).decode()
    assert "wrong" not in first and 'type="password"' in first


def test_the_page_runs_nothing():
    policy = dict(HEADERS)["content-security-policy"]
    assert policy.startswith("default-src 'none'") and "frame-ancestors 'none'" in policy
