"""A Flask app with a model, tapped by one line.

flask --app flask_app run --port 8000
"""

from flask import Flask, request

import modeltap

app = Flask(__name__)


@app.post("/predict")
def predict() -> dict[str, float]:
    return {"prediction": 20 + request.get_json()["distance"] / 8}


modeltap.watch(app, model="flights")
