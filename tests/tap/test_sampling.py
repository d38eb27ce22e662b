"""Which exchanges are tapped, and for which model."""

from __future__ import annotations

import pytest

import modeltap
from asgi_client import Client, echo, scope_of

pytestmark = pytest.mark.anyio


async def test_health_and_docs_are_left_out_and_paths_can_be_chosen(tap):
    """The default leaves out what no model answers; both lists take patterns."""
    assert await tap(echo, Client(b"1"), scope_of("/health")) is None
    assert await tap(echo, Client(b"1"), scope_of("/other"), include_paths=["/v*/predict"]) is None
    row = await tap(echo, Client(b"1"), scope_of("/v1/predict"), include_paths=["/v*/predict"])
    assert row["path"] == "/v1/predict"


@pytest.mark.parametrize(
    ("path", "taken"),
    [("/api/health", None), ("/health", None), ("/api/predict", "/predict"), ("/apiary", None)],
)
async def test_paths_are_the_apps_own(tap, path, taken):
    """Whether or not the server puts its root_path before them."""
    scope = scope_of(path, root_path="/api")
    row = await tap(echo, Client(b"1"), scope, exclude_paths=["/health", "/apiary"])
    assert (row and row["path"]) == taken


async def test_sampling_goes_by_the_trace_and_is_the_same_everywhere(tap):
    """The same trace is in or out whoever is asked."""
    low, high = "0af7651916cd43dd8448eb2100000000", "0af7651916cd43dd8448eb21ffffffff"
    for trace, wanted in ((low, True), (high, False)):
        headers = [(b"traceparent", f"00-{trace}-b7ad6b7169203331-01".encode())]
        row = await tap(echo, Client(b"1"), scope_of(headers=headers), sample_rate=0.5)
        assert (row is not None and row["trace_id"] == trace) is wanted


async def failing(scope, receive, send):
    await send({"type": "http.response.start", "status": 503, "headers": []})
    await send({"type": "http.response.body", "body": b"no"})


async def test_errors_are_kept_at_their_own_rate(tap, store, read_rows):
    """Beside the sample: a failure that no sample holds is kept, and stands for nobody."""
    rates = {"sample_rate": 0.5, "error_sample_rate": 1.0}

    def traced(last):
        return scope_of(headers=[(b"traceparent", f"00-{'1' * 24}{last}-{'2' * 16}-01".encode())])

    assert (await tap(failing, Client(), traced("00000000"), **rates))["sample_rate"] == 0.5
    assert (await tap(failing, Client(), traced("ffffffff"), **rates))["sample_rate"] == 0
    await tap(echo, Client(b"1"), traced("ffffffff"), **rates)
    with pytest.raises(RuntimeError):
        await tap(raising, Client(), traced("fffffffe"), **rates)
    assert [row["status"] for row in read_rows(store)] == [503, 503, 500]


async def raising(scope, receive, send):
    raise RuntimeError("no")


async def test_only_these_methods(tap, store, read_rows):
    """In whatever case they are written."""
    for method in ("GET", "POST", "OPTIONS"):
        await tap(echo, Client(b"1"), scope_of(method=method), methods="post")
    assert [row["method"] for row in read_rows(store)] == ["POST"]


async def test_a_model_by_path_and_by_function(tap):
    """One app may serve several models; None leaves a path alone."""
    models = {"/a/*": "alpha", "/b/*": "beta"}

    async def run(path, model):
        client = Client(b"1")
        tapped = modeltap.ASGIMiddleware(echo, model=model, analyze=False, store="m.db")
        await tapped(scope_of(path), client.receive, client.send)

    await run("/a/1", models)
    await run("/c/1", models)
    await run("/z", lambda path: "named" if path == "/z" else None)
    modeltap.flush(10)
    import sqlite3

    found = sqlite3.connect("m.db").execute("select model from exchanges order by seq").fetchall()
    assert found == [("alpha",), ("named",)]


async def test_paths_name_a_bounded_number_of_models(store):
    """Clients write them: what is too long, or one too many, is the default model's."""
    tapped = modeltap.ASGIMiddleware(echo, store=store, analyze=False)

    def model_of(name):
        exchange = tapped.tee.begin("POST", f"/v2/models/{name}/infer", b"", ())
        return exchange.model

    assert (model_of("x" * 201), model_of("x" * 200)) == ("default", "x" * 200)
    assert {model_of(f"m{n}") for n in range(99)} == {f"m{n}" for n in range(99)}
    assert (model_of("m99"), model_of("m98")) == ("default", "m98")


async def test_disabled_means_nothing_at_all(tap, store):
    """MODELTAP_DISABLED, or the option, turns everything off."""
    client = Client(b"1")
    await tap(echo, client, disabled=True)
    assert client.body == b"1" and not store.exists()
    assert [name for name, _ in client.sent[0]["headers"]] == [b"content-type"]
