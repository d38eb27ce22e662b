"""`shadow` against the other options of an app."""

from __future__ import annotations

import pytest

import modeltap
from modeltap.errors import ConfigError

SHADOW = {"url": "https://challenger.example.org"}


async def app(scope, receive, send): ...


def test_an_own_mask_is_refused_because_it_cannot_mask_the_challenger(store):
    with pytest.raises(ConfigError, match="use mask_body_fields and mask_values"):
        modeltap.ASGIMiddleware(
            app, model="m", store=store, shadow=SHADOW, mask_body=lambda body, _: body
        )


def test_a_variable_that_is_not_set_is_found_at_the_start(store):
    with pytest.raises(ConfigError, match="CHALLENGER_URL is not set"):
        modeltap.ASGIMiddleware(app, model="m", store=store, shadow={"url": "env:CHALLENGER_URL"})


@pytest.mark.parametrize("model", ["flights", {"/predict": "flights"}], ids=str)
def test_a_challenger_of_a_model_that_is_not_served_is_logged(store, caplog, model):
    """With the nearest name; an app whose models only show later logs nothing."""
    options = {"store": store, "models": {"fligths": {"shadow": SHADOW}}}
    modeltap.ASGIMiddleware(app, model=model, **options)
    assert "no shadow traffic for model 'fligths'" in caplog.text
    assert "did you mean 'flights'?" in caplog.text
    caplog.clear()
    modeltap.ASGIMiddleware(app, model=lambda path: "flights", **options)
    assert not caplog.text
