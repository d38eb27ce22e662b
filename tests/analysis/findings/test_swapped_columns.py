"""Two swapped columns are one finding; other drift of two columns is not."""

from __future__ import annotations

import json

import numpy as np
import pytest

from findings import alerts
from modeltap.analysis.references.fit import fit


def table(rng, n):
    return {
        "width": rng.normal(30, 5, size=n),
        "height": rng.normal(40, 5, size=n),
        "depth": rng.lognormal(2, 0.5, size=n),
        "country": rng.choice(["de", "fr", "it"], p=[0.6, 0.3, 0.1], size=n).tolist(),
        "channel": rng.choice(["web", "app", "fr"], p=[0.5, 0.4, 0.1], size=n).tolist(),
        "size": rng.choice(["s", "m", "l"], p=[0.2, 0.5, 0.3], size=n).tolist(),
        "fit": rng.choice(["s", "m", "l"], p=[0.6, 0.2, 0.2], size=n).tolist(),
    }


def window(**changed):
    rng = np.random.default_rng(4)
    reference = fit(table(rng, 2000), 2000, model="m")
    rows = table(rng, 1000)
    return alerts(reference, rows | {name: change(rows) for name, change in changed.items()})


@pytest.mark.parametrize(
    "a, b", [("width", "height"), ("width", "depth"), ("country", "channel"), ("size", "fit")]
)
def test_swapped_columns_are_one_finding(a, b):
    """All metrics have the same explanation; the first one lists both columns as related."""
    metrics = window(**{a: lambda rows: rows[b], b: lambda rows: rows[a]})
    assert {metric.feature for metric in metrics} == {a, b}
    start = f"columns `{a}` and `{b}` are swapped in "
    assert all(metric.explanation.startswith(start) for metric in metrics)
    assert all("rows: the values of each fit" in metric.explanation for metric in metrics)
    (head,) = [metric for metric in metrics if metric.related]
    assert head.feature == a and json.loads(head.related) == [a, b]


def test_two_pairs_are_two_findings():
    pairs = {"width": "height", "height": "width", "size": "fit", "fit": "size"}
    metrics = window(**{a: (lambda rows, b=b: rows[b]) for a, b in pairs.items()})
    related = [json.loads(metric.related) for metric in metrics if metric.related]
    assert sorted(related) == [["size", "fit"], ["width", "height"]]


@pytest.mark.parametrize(
    "changes",
    [
        # One copies the other, which is unchanged.
        {"width": lambda rows: rows["height"]},
        # Both drift, but not to each other's values.
        {"width": lambda rows: rows["width"] + 10, "height": lambda rows: rows["height"] + 10},
        {"size": lambda rows: ["s"] * 1000, "fit": lambda rows: ["m"] * 1000},
        # A rotation of three columns is not a swap.
        {
            "width": lambda rows: rows["height"],
            "height": lambda rows: rows["depth"],
            "depth": lambda rows: rows["width"],
        },
    ],
)
def test_other_drift_is_not_a_swap(changes):
    metrics = window(**changes)
    assert metrics and not any(metric.related for metric in metrics)
    assert not any("swapped" in metric.explanation for metric in metrics)
