"""The route of a Django request is noted without harm to the request."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from modeltap.tap.exchange import ROUTE
from modeltap_serving.django_app import _recording_route


@pytest.mark.parametrize("attribute", ["scope", "environ"])
def test_the_route_is_stored_where_the_tap_finds_it(attribute):
    """In the scope of ASGI, or in the environ of WSGI."""
    match, carrier = SimpleNamespace(route="flights/<int:id>"), {"path": "/flights/7"}
    request = SimpleNamespace(**{attribute: carrier})
    assert _recording_route(lambda _: match)(request) is match
    assert carrier[ROUTE] == "/flights/<int:id>"


@pytest.mark.parametrize("request_", [SimpleNamespace(), SimpleNamespace(environ=None)])
@pytest.mark.parametrize("match", [None, (), SimpleNamespace(route="x")])
def test_a_match_or_a_request_of_another_kind_reaches_the_app(request_, match):
    """An app may override how its handler resolves a request."""
    assert _recording_route(lambda _: match)(request_) is match


def test_an_error_of_the_app_is_raised():
    def resolve(_):
        raise LookupError("no such page")

    with pytest.raises(LookupError, match="no such page"):
        _recording_route(resolve)(SimpleNamespace(environ={}))
