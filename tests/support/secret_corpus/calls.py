"""A program whose decorated functions are called with the corpus."""

from __future__ import annotations

PROGRAM = '''
import asyncio, json, logging, sys
from pathlib import Path

import modeltap

capture = modeltap.capture(model="m")


@capture
def predict(row):
    return {"prediction": 1}


@capture
def answer():
    return ANSWER


@capture
def by_names(**fields):
    return 1


@capture
def fails(row):
    raise ValueError(f"no model for {row}")


@capture
def pieces(row):
    yield {"row": row}
    yield {"age": 37}


@capture
async def later(row, retries=1):
    return [row]


@capture
def login(password):
    return {"ok": True}


@capture
def check(user, api_key=None, *, jwt=""):
    return {"ok": True}


@capture
async def sign_in(client_secret):
    return {"ok": True}


@capture
def unlock(pin):
    return {"ok": True}


@capture
def refuse(access_token):
    raise PermissionError(f"{access_token!r} has expired")


def run(call):
    """A call that fails is recorded all the same."""
    try:
        call()
    except (ValueError, PermissionError):
        pass


for number, (secret, row) in enumerate(json.loads(Path(sys.argv[1]).read_text())):
    ANSWER = row
    run([lambda: predict(row), answer, lambda: fails(row), lambda: list(pieces(row)),
         lambda: asyncio.run(later(row)),
         lambda: by_names(**row) if isinstance(row, dict) else predict(row),
         lambda: modeltap.capture(model="m", request=row, response=1)][number % 7])
    run([lambda: login(secret), lambda: check("ann", secret), lambda: check("ann", jwt=secret),
         lambda: asyncio.run(sign_in(secret)), lambda: unlock(secret),
         lambda: refuse(secret), lambda: login(password=[secret])][number % 7])
'''
