"""A FastAPI app with a model, tapped by one line.

uvicorn fastapi_app:app --port 8000
curl localhost:8000/predict -d '{"distance": 1400}' -H 'content-type: application/json'
modeltap tail
"""

from fastapi import FastAPI
from pydantic import BaseModel

import modeltap

app = FastAPI()


class Flight(BaseModel):
    distance: float


@app.post("/predict")
async def predict(flight: Flight) -> dict[str, float]:
    return {"prediction": 20 + flight.distance / 8}


modeltap.watch(app, model="flights")
