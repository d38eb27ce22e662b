"""The apps that are measured, and what they are sent."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI, Request
from flask import Flask, request
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import JSONResponse
from starlette.routing import Route

FEATURES = [f"f{i:02d}_value" for i in range(45)]
BODY = json.dumps({name: round(i * 1.234567 + 100, 6) for i, name in enumerate(FEATURES)}).encode()
BODY = BODY[:-1] + b" " * (1072 - len(BODY)) + b"}"


def starlette_app() -> Any:
    async def predict(request: StarletteRequest) -> JSONResponse:
        body = await request.body()
        return JSONResponse({"prediction": len(body)})

    return Starlette(routes=[Route("/predict", predict, methods=["POST"])])


def fastapi_app() -> Any:
    app = FastAPI()

    @app.post("/predict")
    async def predict(request: Request) -> dict[str, int]:
        body = await request.body()
        return {"prediction": len(body)}

    return app


def flask_app() -> Any:
    app = Flask("bench")

    @app.post("/predict")
    def predict() -> dict[str, int]:
        return {"prediction": len(request.get_data())}

    return app


def model_app() -> Any:
    """A typical model API: a validated body of 45 numbers, and scikit-learn's answer to it."""
    import numpy as np
    from sklearn.datasets import make_classification
    from sklearn.linear_model import LogisticRegression

    rows, labels = make_classification(2_000, n_features=len(FEATURES), random_state=0)
    model = LogisticRegression(max_iter=500).fit(rows, labels)
    app = FastAPI()

    @app.post("/predict")
    async def predict(values: dict[str, float]) -> dict[str, float]:
        row = np.array([[values[name] for name in FEATURES]])
        return {"prediction": float(model.predict_proba(row)[0, 1])}

    return app
