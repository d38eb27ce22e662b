"""A store of a model whose rows can be reviewed."""

from __future__ import annotations

import json

from stores import analyze, every, put


def fill(store, count=300, response=None):
    rows = [{"amount": number % 17} for number in range(count)]
    responses = response or (
        lambda n: {"prediction": "yes" if n % 4 else "no", "probability": 0.5 + (n % 50) / 100}
    )
    put(
        store,
        every(1, count),
        rows,
        model="loans",
        responses=[json.dumps(responses(n)) for n in range(count)],
    )
    analyze(store, {})
