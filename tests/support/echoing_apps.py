"""Apps of four kinds that answer a POST to `/predict` with its own body, as JSON."""

from __future__ import annotations

from fastapi import FastAPI
from flask import Flask, request
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from asgi_client import echo


async def predict(request):
    return Response(await request.body(), media_type="application/json")


def starlette():
    return Starlette(routes=[Route("/predict", predict, methods=["POST"])])


def fastapi():
    app = FastAPI()
    app.add_route("/predict", predict, methods=["POST"])
    return app


def bare():
    async def app(scope, receive, send):
        await echo(scope, receive, send)

    return app


def flask():
    app = Flask("app")
    answer = {"content-type": "application/json"}
    app.add_url_rule("/predict", view_func=lambda: (request.get_data(), answer), methods=["POST"])
    return app
