"""Secrets in URLs and paths."""

from __future__ import annotations

import pytest

from modeltap.privacy.marks import MASK, Marks
from modeltap.privacy.sensitive.names import SensitiveNames
from modeltap.privacy.texts.urls import UrlMasker

urls = UrlMasker(SensitiveNames(), Marks())


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/token/qz7f-3a", f"/token/{MASK}"),
        ("/v1/api-keys/qz7f", f"/v1/api-keys/{MASK}"),
        ("/sessions/qz7f/items/9", f"/sessions/{MASK}/items/9"),
        ("/a;token=qz7f/b", f"/a;token={MASK}/b"),
        ("/a/password=qz7f", f"/a/password={MASK}"),
        ("/resetPassword/qz7f", f"/resetPassword/{MASK}"),
        ("/v1/token:qz7f", f"/v1/token:{MASK}"),
    ],
)
def test_a_segment_after_a_sensitive_name_is_masked(path, kept):
    assert urls.path(path) == kept


@pytest.mark.parametrize(
    "path",
    [
        "/oauth/token",
        "/auth/login",
        "/token/refresh",
        "/author/ann",
        "/predict",
        "/",
        "",
        "/x;v=1",
        "/v1/token:refresh",
    ],
)
def test_common_api_paths_are_kept(path):
    assert urls.path(path) == path


def test_urls_in_texts_lose_their_passwords():
    text = "from https://ann:qz7f@example.org/a and redis://:qz7f@db/0, see /token/qz7f."
    assert "qz7f" not in urls.text(text)
    assert urls.text("//ann:qz7f@h/x") == f"//{MASK}@h/x"
    assert "qz7f" not in urls.text(r"https:\/\/ann:qz7f@h\/x")
    assert urls.text("mail ann@example.org, 3/4 of it") == "mail ann@example.org, 3/4 of it"


@pytest.mark.parametrize(
    ("path", "route", "kept"),
    [
        ("/auth/users/7", "/auth/users/{id}", "/auth/users/7"),
        ("/auth/users/qz7f", "/auth/users/<string:password_hash>", f"/auth/users/{MASK}"),
        ("/join/qz7f", "/join/{token:str}", f"/join/{MASK}"),
        ("/token/qz7f", "/token/{value}", f"/token/{MASK}"),
        ("/a/auth/qz7f", "/auth/{x}", f"/a/auth/{MASK}"),
    ],
)
def test_fixed_segments_of_a_route_are_kept(path, route, kept):
    assert urls.path(path, route) == kept
