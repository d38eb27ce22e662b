"""A tapped gateway before a tapped service, each a process of its own: ids and labels."""

from __future__ import annotations

import httpx
import pytest

from command import modeltap as run
from stores import read

SERVICE = """
import modeltap
from fastapi import FastAPI

app = FastAPI()

@app.post("/predict")
def predict(row: dict):
    return {"prediction": 2 * row["x"]}

modeltap.watch(app, model="flights", store=STORE, analyze=False)
"""

GATEWAY = """
import httpx, modeltap
from fastapi import FastAPI, Request, Response

app = FastAPI()
client = httpx.AsyncClient(base_url=URL, trust_env=False, verify=False)

@app.post("/predict")
async def forward(request: Request):
    kept = {name: text for name, text in request.headers.items() if name not in DROPPED}
    answer = await client.post("/predict", content=await request.body(), headers=kept)
    if RETRIED:
        answer = await client.post("/predict", content=await request.body(), headers=kept)
    if OPAQUE:
        return {"status": "ok"}
    return Response(answer.content, headers={"x-modeltap-id": answer.headers["x-modeltap-id"]},
                    media_type="application/json")

modeltap.watch(app, model="gateway", store=STORE, analyze=False)
"""


@pytest.fixture
def chain(serve, tmp_path, eventually, read_rows):
    """Start both servers, send three requests; return the ids that the client was told."""

    def start(opaque=False, retried=False, gateway_store="taps.db"):
        service = serve(f"STORE = {str(tmp_path / 'taps.db')!r}\n{SERVICE}")
        said = f"STORE = {str(tmp_path / gateway_store)!r}\nURL = {service.url!r}\n"
        said += f"OPAQUE, RETRIED = {opaque}, {retried}\nDROPPED = ('host', 'content-length')\n"
        gateway = serve(said + GATEWAY)
        told = []
        for x in range(3):
            answer = httpx.post(
                f"{gateway.url}/predict", json={"x": x}, trust_env=False, verify=False
            )
            assert answer.status_code == 200
            told.append(answer.headers.get_list("x-modeltap-id"))
        store = tmp_path / "taps.db"
        expected = 3 * (1 + retried) + (3 if gateway_store == "taps.db" else 0)
        assert eventually(lambda: len(read_rows(store)) == expected)
        run("analyze", "--store", store)
        return store, told

    return start


def of(store, model):
    sql = "select id, request_id from exchanges where model = ? order by seq"
    return read(store, sql, model)


@pytest.mark.parametrize("opaque", [False, True])
def test_the_client_has_the_gateways_id_and_the_service_keeps_it(chain, opaque):
    """Whatever id the gateway hands back, the header is there once."""
    store, told = chain(opaque)
    outer, inner = of(store, "gateway"), of(store, "flights")
    assert told == [[row["id"]] for row in outer]
    assert [[row["request_id"]] for row in inner] == told
    assert {row["id"] for row in inner}.isdisjoint(row["id"] for row in outer)


def test_a_label_by_the_gateways_id_joins_the_exchange_with_the_prediction(chain, tmp_path):
    """The service's, where the gateway answers without it; of two that have it, the model's."""
    store, told = chain(opaque=True)
    run("label", "set", told[0][0], "1", "--store", store)
    file = tmp_path / "labels.csv"
    file.write_text(f"id,value\n{told[1][0]},1\n")
    run("label", "import", file, "--store", store, "--model", "flights")
    found = {row["exchange_id"] for row in read(store, "select exchange_id from labels")}
    assert found == {row["id"] for row in of(store, "flights")[:2]}


def test_of_two_exchanges_with_the_prediction_the_named_models_has_the_label(chain, tmp_path):
    """Without a name it is the exchange of this very id."""
    store, told = chain()
    run("label", "set", told[0][0], "1", "--store", store)
    run("label", "set", told[1][0], "1", "--store", store, "--model", "flights")
    file = tmp_path / "labels.csv"
    file.write_text(f"id,value\n{told[2][0]},1\n")
    run("label", "import", file, "--store", store, "--model", "flights")
    found = [row["exchange_id"] for row in read(store, "select exchange_id from labels order by 1")]
    flights = of(store, "flights")
    assert set(found) == {told[0][0], flights[1]["id"], flights[2]["id"]}


def test_the_service_has_a_store_of_its_own(chain):
    """It knows the gateway's id all the same."""
    store, told = chain(gateway_store="gateway.db")
    run("label", "set", told[0][0], "1", "--store", store)
    (label,) = read(store, "select exchange_id from labels")
    assert label["exchange_id"] == of(store, "flights")[0]["id"]


def test_a_gateway_that_tries_again_is_ambiguous(chain):
    """Both tries were answered: none is guessed, and both are named."""
    store, told = chain(opaque=True, retried=True)
    said = run("label", "set", told[0][0], "1", "--store", store, code=1)
    first, second = (row["id"] for row in of(store, "flights")[:2])
    assert first in said and second in said
