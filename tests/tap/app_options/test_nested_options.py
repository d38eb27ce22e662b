"""Nested taps with different options: one warning, and the masks of all taps."""

from __future__ import annotations

import httpx
import pytest
from flask import Flask
from starlette.applications import Starlette
from starlette.routing import Mount

import modeltap
from echoing_apps import bare, fastapi, flask, starlette

pytestmark = pytest.mark.anyio

BODY = {"salary": 4711, "town": "Bern", "size": 3}


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def watch(store):
    def watched(app, model="m", **options):
        return modeltap.watch(app, model=model, **{"store": store, "analyze": False, **options})

    return watched


@pytest.fixture
def ask(store, read_rows):
    """POST `BODY` to an app several times; return the recorded exchanges."""

    async def call(app, path="/predict", times=1):
        for _ in range(times):
            if isinstance(app, Flask):
                with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://a") as own:
                    own.post(path, json=BODY)
            else:
                transport = httpx.ASGITransport(app)
                async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
                    await client.post(path, json=BODY)
        assert modeltap.flush(20)
        return read_rows(store) if store.exists() else []

    return call


def warnings(caplog):
    return [record.getMessage() for record in caplog.records if "two taps" in record.getMessage()]


@pytest.mark.parametrize("make", [starlette, fastapi, bare, flask])
async def test_an_app_watched_twice_has_the_masks_of_both(watch, ask, caplog, make):
    """The options of the inner tap apply otherwise, which is logged once."""
    app = watch(make(), "inner", mask_body_fields=["salary"])
    app = watch(app, "outer", mask_body_fields=["town"], sample_rate=0.999999)
    rows = await ask(app, times=3)
    assert {row["model"] for row in rows} == {"inner"} and len(rows) == 3
    for row in rows:
        for body in (row["request_body"], row["response_body"]):
            assert "4711" not in body and "Bern" not in body and "3" in body
    (warning,) = warnings(caplog)
    assert "with its model ('inner', not 'outer'), sample_rate (1.0, not 0.999999)" in warning
    assert "with the masks of both taps (mask_body_fields)" in warning


@pytest.mark.parametrize(
    ("outer", "named"),
    [
        ({"webhooks": ["https://hooks.example/T0/secret"]}, "webhooks"),
        ({"environment": "staging"}, "environment (None, not 'staging')"),
        ({"window": "1d", "min_rows": 7}, "window, min_rows"),
        ({"exclude_paths": ["/admin*"]}, "exclude_paths"),
    ],
)
async def test_a_watched_mount_with_other_options_is_logged(watch, ask, caplog, outer, named):
    """No value in the log may be a secret."""
    app = watch(Starlette(routes=[Mount("/sub", watch(starlette(), "m"))]), "m", **outer)
    (row,) = await ask(app, "/sub/predict")
    (warning,) = warnings(caplog)
    assert named in warning and "secret" not in warning and "own model" not in warning
    assert row["environment"] is None


@pytest.mark.parametrize("outer", [{}, {"sample_rate": 1.0}, {"mask_body_fields": ["size"]}])
async def test_equal_options_are_not_a_conflict(watch, ask, caplog, outer):
    """Neither are defaults outside of explicit options."""
    app = watch(watch(starlette(), mask_body_fields=["size"], window="1d"), **outer)
    (row,) = await ask(app)
    assert warnings(caplog) == [] and '"size":3' not in row["request_body"]


@pytest.mark.parametrize(
    "outer", [{"sample_rate": 0.0}, {"exclude_paths": ["/sub/*"]}, {"methods": ["PUT"]}]
)
async def test_masks_of_a_tap_apply_even_if_it_leaves_the_request_out(watch, ask, outer):
    """By its sample, or by its paths."""
    inner = watch(Starlette(routes=[Mount("/in", watch(starlette(), "inner"))]), "middle", **outer)
    app = watch(
        Starlette(routes=[Mount("/sub", inner)]), "outer", mask_body_fields=["town"], **outer
    )
    (row,) = await ask(app, "/sub/in/predict")
    assert row["model"] == "inner" and "Bern" not in row["request_body"]


async def test_three_taps_mask_together(watch, ask):
    """Around a WSGI app, too."""
    app = flask()
    for name in ("size", "town", "salary"):
        app = watch(app, mask_body_fields=[name])
    (row,) = await ask(app)
    assert row["request_body"].count("masked") == 3


async def test_a_field_that_only_one_tap_unmasks_stays_masked(watch, ask, caplog):
    """Also if the other tap turned its own masks off, or stores no bodies."""
    inner = watch(starlette(), unmask_body_fields=["salary"], mask_with="hash", mask_key="k" * 32)
    (row,) = await ask(watch(inner, mask_body_fields=["salary"]))
    assert "4711" not in row["request_body"] and "[masked]" in row["request_body"]
    inner = watch(starlette(), mask_bodies=False)
    row = (await ask(watch(inner, mask_body_fields=["salary"])))[-1]
    assert "4711" not in row["request_body"]
    row = (await ask(watch(watch(starlette()), capture_request_body=False)))[-1]
    assert row["request_body"] is None and row["response_body"] is not None
    assert "unmask_body_fields, mask_with" in warnings(caplog)[0]


async def test_mask_functions_of_both_taps_are_applied(watch, ask):
    """In turn; a function that drops the body leaves nothing."""

    def without(text):
        return lambda body, _type: body.replace(text, b"-")

    inner = watch(starlette(), mask_body=without(b"Bern"))
    (row,) = await ask(watch(inner, mask_body=without(b"4711")))
    assert "Bern" not in row["request_body"] and "4711" not in row["request_body"]
    inner = watch(starlette(), mask_body=lambda _body, _type: None)
    row = (await ask(watch(inner, mask_body=without(b"4711"))))[-1]
    assert row["request_body"] is None


async def test_a_function_captured_twice_has_the_masks_of_both(watch, store, read_rows, caplog):
    """The model of the first decorator is used."""

    @modeltap.capture(model="second", store=store, analyze=False, mask_body_fields=["town"])
    @modeltap.capture(model="first", store=store, analyze=False, mask_body_fields=["salary"])
    def predict(salary, town, size):
        return salary

    assert predict(4711, "Bern", 3) == predict(4711, "Bern", 3) == 4711
    assert modeltap.flush(20)
    rows = read_rows(store)
    assert [row["model"] for row in rows] == ["first", "first"]
    assert "4711" not in rows[0]["request_body"] and "Bern" not in rows[0]["request_body"]
    (warning,) = warnings(caplog)
    assert "model ('first', not 'second')" in warning and "mask_body_fields" in warning


async def test_a_mount_that_is_served_by_itself_has_its_own_masks(watch, ask):
    """Those of the outer app apply only within that app."""
    inner = watch(starlette(), "inner")
    app = watch(Starlette(routes=[Mount("/sub", inner)]), "outer", mask_body_fields=["town"])
    first, second = (await ask(app, "/sub/predict")), (await ask(inner))
    assert "Bern" not in first[0]["request_body"] and "Bern" in second[-1]["request_body"]
