"""A live WSGI app: Flask, which says what the corpus has for it to say."""

from __future__ import annotations

FLASK = """
import json
from pathlib import Path

import modeltap
from flask import Flask, Response, request

app = Flask(__name__)
app.config["PROPAGATE_EXCEPTIONS"] = False
FOLDER = Path(__file__).parent / "answers"


@app.route("/raises", methods=["POST"])
def raises():
    body = request.get_json(force=True)
    token = request.args.get("token") or request.headers.get("x-api-key")
    value = body.get("password") or token
    raise ValueError(body["form"].format(body=body, value=value))


@app.route("/users/<token>/rows")
def of_token(token):
    return {"age": 37}


METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@app.route("/", methods=METHODS, defaults={"path": ""})
@app.route("/<path:path>", methods=METHODS)
def answer(path):
    request.get_data()
    number = request.headers.get("x-visit", "")
    head = FOLDER / f"{number}.json"
    if not head.exists():
        return {"prediction": 0.5}
    said = json.loads(head.read_text())
    body = (FOLDER / f"{number}.body").read_bytes()
    return Response(body, said["status"], said["headers"], content_type=said["type"])


modeltap.watch(app, model="m", analyze=False, exclude_paths=["/health"], OPTIONS)
"""

SERVE = "-m gunicorn app:app -b 127.0.0.1:{port} --threads 2 --log-level warning"
"""Gunicorn ends normally when it is told to, and its worker's writer after it."""
