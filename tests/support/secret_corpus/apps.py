"""Apps that return a requested response, or raise exceptions with their input."""

from __future__ import annotations

FASTAPI = """
import json
from pathlib import Path

import modeltap
from fastapi import FastAPI, Header, Query, Request, Response
from pydantic import BaseModel, Field

app = FastAPI()
FOLDER = Path(__file__).parent / "answers"


class Login(BaseModel):
    user: str
    password: str = Field(max_length=5)
    card: dict[str, int] = {}


@app.post("/login")
async def login(login: Login, token: int = Query(0), x_api_key: int = Header(0)):
    return {"user": login.user}


@app.get("/users/{token}/rows")
async def of_token(token: str):
    return {"age": 37}


@app.post("/raises")
async def raises(request: Request):
    body = await request.json()
    token = request.query_params.get("token") or request.headers.get("x-api-key")
    value = body.get("password") or token
    raise ValueError(body["form"].format(body=body, value=value))


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def answer(path: str, request: Request):
    await request.body()
    number = request.headers.get("x-visit", "")
    head = FOLDER / f"{number}.json"
    if not head.exists():
        return {"prediction": 0.5}
    said = json.loads(head.read_text())
    body = (FOLDER / f"{number}.body").read_bytes()
    return Response(body, said["status"], said["headers"], said["type"])


modeltap.watch(app, model="m", analyze=False, exclude_paths=["/health"], OPTIONS)
"""

FLASK = """
import json
from pathlib import Path

import modeltap
from flask import Flask, Response, request

app = Flask(__name__)
FOLDER = Path(__file__).parent / "answers"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@app.post("/raises")
def raises():
    body = request.get_json()
    value = body.get("password") or request.args.get("token") or request.headers.get("x-api-key")
    raise ValueError(body["form"].format(body=body, value=value))


@app.get("/users/<token>/rows")
def of_token(token):
    return {"age": 37}


@app.route("/", methods=METHODS)
@app.route("/<path:path>", methods=METHODS)
def answer(path=""):
    request.get_data()
    head = FOLDER / f"{request.headers.get('x-visit', '')}.json"
    if not head.exists():
        return {"prediction": 0.5}
    said = json.loads(head.read_text())
    body = head.with_suffix(".body").read_bytes()
    return Response(body, said["status"], {**said["headers"], "content-type": said["type"]})


modeltap.watch(app, model="m", analyze=False, exclude_paths=["/health"], OPTIONS)
"""

FUNCTIONS = """
import json
import sys
from pathlib import Path

import modeltap


@modeltap.capture(model="m", analyze=False)
def predict(row):
    return row


@modeltap.capture(model="m", analyze=False)
def predict_by_name(**features):
    return 0.5


@modeltap.capture(model="m", analyze=False)
def login(password):
    return True


@modeltap.capture(model="m", analyze=False)
def login_and_say(password):
    return {"said": {"password": password}}


@modeltap.capture(model="m", analyze=False)
def login_and_fail(password):
    raise ValueError(f"cannot use {password}")


@modeltap.capture(model="m", analyze=False)
def tokens_of(user, token):
    yield f"token={token}"


for document in json.loads(Path(sys.argv[1]).read_text()):
    predict(document)
    if isinstance(document, dict):
        predict_by_name(**document)
    modeltap.capture(model="m", request=document, response=document)
for secret in json.loads(Path(sys.argv[2]).read_text()):
    login(secret)
    login_and_say(secret)
    list(tokens_of("ann", secret))
    try:
        login_and_fail(secret)
    except ValueError:
        pass
"""
