"""The API that the demo serves: plain FastAPI, and one line for modeltap.

The model, like modeltap's settings, is read from the working folder.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from pydantic import BaseModel

import modeltap
from modeltap.demo.flight_model import FlightTimeModel

app = FastAPI(title="Flight times")
model = FlightTimeModel.load(Path())


class Departure(BaseModel):
    """The features of a flight, all known before departure."""

    time: str
    carrier: str
    origin: str
    dest: str
    distance: int
    hour: int
    weekday: int
    temp: float | None
    dewp: float | None
    humid: float | None
    wind_dir: float | None
    wind_speed: float | None
    wind_gust: float | None
    precip: float | None
    pressure: float | None
    visib: float | None


@app.post("/predict")
async def predict(departure: Departure) -> dict[str, float]:
    """Return the predicted flight time in minutes."""
    return {"prediction": round(float(model.predict([departure.model_dump()])[0]), 1)}


modeltap.watch(app, model="flights")  # the one line
