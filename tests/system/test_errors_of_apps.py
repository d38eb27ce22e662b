"""Failed requests of real FastAPI and Flask apps, from the tap to `modeltap errors`."""

from __future__ import annotations

import httpx
import pytest

from command import lines, modeltap

FASTAPI = """
import modeltap
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

app = FastAPI()

class Trip(BaseModel):
    distance: float = Field(gt=0)
    carrier: str

@app.post("/predict")
async def predict(trip: Trip):
    if trip.carrier == "XX":
        raise HTTPException(404, f"no model for carrier '{trip.carrier}' after {trip.distance} km")
    if trip.carrier == "boom":
        raise ValueError(f"X has {int(trip.distance)} features")
    return {"prediction": trip.distance * 2}

modeltap.watch(app, model="trips", analyze=False)
"""

FLASK = """
import modeltap
from flask import Flask, jsonify, request

app = Flask(__name__)

@app.post("/predict")
def predict():
    body = request.get_json()
    if "distance" not in body:
        return jsonify(errors={"json": {"distance": ["Missing data for required field."]}}), 422
    if body["carrier"] == "XX":
        told = f"no model for carrier '{body['carrier']}' after {body['distance']} km"
        return jsonify(error=told), 404
    if body["carrier"] == "boom":
        raise ValueError(f"X has {int(body['distance'])} features")
    return jsonify(prediction=body["distance"] * 2)

modeltap.watch(app, model="trips", analyze=False)
"""

WAITRESS = ("-m", "waitress", "--listen", "127.0.0.1:{port}", "app:app")


@pytest.mark.parametrize(
    ("source", "command", "missing", "raised"),
    [
        (FASTAPI, (), "missing", ("ValueError", "X has [number] features")),
        # Flask handles the exception itself.
        (FLASK, WAITRESS, None, (None, "Internal Server Error")),
    ],
    ids=["fastapi", "flask"],
)
def test_failures_of_an_app_are_grouped(
    serve, tmp_path, read_rows, eventually, source, command, missing, raised
):
    """By message without values, and by field."""
    served = serve(source, *command)
    bodies = [{"distance": n + 1.5, "carrier": "XX"} for n in range(3)]
    bodies += [{"distance": n + 7, "carrier": "boom"} for n in range(2)]
    bodies += [{"carrier": "EV"}] * 4 + [{"distance": 1, "carrier": "EV"}] * 5
    statuses = [
        httpx.post(f"{served.url}/predict", json=body, trust_env=False, verify=False).status_code
        for body in bodies
    ]
    assert statuses == [404] * 3 + [500] * 2 + [422] * 4 + [200] * 5
    store = tmp_path / "modeltap.db"
    assert eventually(
        lambda: len(read_rows(store, "select * from exchanges where path = '/predict'")) == 14
    )
    served.stop()
    shown = lines(modeltap("errors", "--store", store, "--model", "trips", "--json"))
    requests = [row for row in shown if row["kind"] == "request" and row["path"] == "/predict"]
    fields = [row for row in shown if row["kind"] == "validation"]
    assert [(row["status"], row["count"], row["message"]) for row in requests] == [
        (404, 3, "no model for carrier [value] after [number] km"),
        (500, 2, raised[1]),
    ]
    assert requests[1]["type"] == raised[0]
    assert requests[0]["example"] == "no model for carrier 'XX' after 3.5 km"
    assert [(row["field"], row["type"], row["count"]) for row in fields] == [
        ("distance", missing, 4)
    ]
    for row in shown:
        assert row["first_at"] <= row["last_at"] and len(set(row["examples"])) <= 5
        ids = {one["id"] for one in read_rows(store)}
        assert ids.issuperset(row["examples"])
    text = modeltap("errors", "--store", store)
    assert "failed requests:" in text and "invalid fields:" in text
    assert "no model for carrier" not in modeltap(
        "errors", "--store", store, "--kind", "validation"
    )
