"""A renamed category is one finding, whether or not the new name was known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from findings import alerts
from modeltap.analysis.counting.columns import Values
from modeltap.analysis.findings.renamed_categories import renamed
from modeltap.analysis.model.feature import UNSEEN
from modeltap.analysis.references.fit import fit

SHARES = {"web": 0.5, "app": 0.3, "phone": 0.13, "partner": 0.06, "fax": 0.01}


def drawn(rng, n, shares):
    parts = np.array(list(shares.values()))
    return rng.choice(np.array(list(shares), dtype=object), p=parts / parts.sum(), size=n)


def window(change, shares=SHARES, seed=2):
    rng = np.random.default_rng(seed)
    reference = fit({"channel": drawn(rng, 2000, SHARES).tolist()}, 2000, model="m")
    return alerts(reference, {"channel": change(rng, drawn(rng, 1000, shares)).tolist()})


def renaming(**names):
    return lambda _rng, rows: np.array([names.get(name, name) for name in rows], dtype=object)


@pytest.mark.parametrize("new", ["mobile", "APP", "fax", "a`b'c", "with \\ and \n"])
def test_a_renamed_category_is_one_finding(new):
    """All metrics of the column have its explanation; the first one lists the column as related."""
    metrics = window(renaming(app=new))
    shown = "`" + repr(new)[1:-1].replace("`", "\\`") + "`"
    assert metrics
    for metric in metrics:
        start = f"channel: category `app` is now {shown} ("
        assert metric.explanation.startswith(start)
        assert "of rows); chance of this without " in metric.explanation
    (head,) = [metric for metric in metrics if metric.related]
    assert json.loads(head.related) == ["channel"]
    unseen = any(metric.metric == "unseen_rate" for metric in metrics)
    assert head.metric == ("unseen_rate" if unseen else "drift")


def test_of_several_renamed_categories_the_largest_is_named():
    metrics = window(renaming(web="WEB", app="APP", phone="PHONE"))
    assert all(
        "category `web` is now `WEB` (5" in m.explanation
        and "of rows), and 2 more are renamed; " in m.explanation
        for m in metrics
    )


def test_of_equally_frequent_names_the_most_similar_is_chosen():
    shares = SHARES | {"web": 0.34, "app": 0.32}
    rng = np.random.default_rng(6)
    reference = fit({"channel": drawn(rng, 2000, shares).tolist()}, 2000, model="m")
    rows = renaming(web="WEB 2", app="App 2")(rng, drawn(rng, 1000, shares))
    metrics = alerts(reference, {"channel": rows.tolist()})
    assert all("`web` is now `WEB 2`" in metric.explanation for metric in metrics)


@pytest.mark.parametrize("seed", range(5))
def test_a_rare_category_that_a_small_window_lacks_is_not_renamed(seed):
    """Of 48 destinations with 1.25 % of the rows, 300 rows lack some by chance."""
    rng = np.random.default_rng(seed)
    shares = {"hub": 0.4} | {f"city {n}": 0.0125 for n in range(48)}
    reference = fit({"dest": drawn(rng, 5000, shares).tolist()}, 5000, model="m")
    rows = drawn(rng, 300, shares)
    rows[:9] = "resort"
    metrics = alerts(reference, {"dest": rows.tolist()})
    assert [own.metric for own in metrics] == ["unseen_rate"]
    assert "is now" not in metrics[0].explanation


@pytest.mark.parametrize(
    "change",
    [
        # A new category in addition to the old ones.
        lambda rng, rows: np.where(rng.random(len(rows)) < 0.2, "mobile", rows),
        # A category that disappeared without a successor.
        lambda rng, rows: np.where(rows == "app", "web", rows),
        # A category that was split into many.
        lambda rng, rows: np.where(
            rows == "app", np.array([f"app {i}" for i in rng.integers(0, 9, len(rows))]), rows
        ),
        # Half of a category.
        lambda rng, rows: np.where((rows == "app") & (rng.random(len(rows)) < 0.5), "x", rows),
    ],
)
def test_other_changes_of_categories_are_not_renamings(change):
    metrics = window(change)
    assert metrics and not any(" is now " in metric.explanation for metric in metrics)
    assert not any(metric.related for metric in metrics)


def test_fractions_may_change_at_the_same_time():
    """The fraction of the category depends on the hour."""
    metrics = window(renaming(app="mobile"), SHARES | {"app": 0.4})
    assert all("category `app` is now `mobile` (" in metric.explanation for metric in metrics)


def test_sampled_rows_without_a_category_name_no_change():
    """Of a window with few categories, all rows of the sample may have none."""
    rng = np.random.default_rng(5)
    reference = fit({"channel": drawn(rng, 2000, SHARES).tolist()}, 2000, model="m")
    (feature,) = reference.features
    before = np.array(feature.counts)
    current = np.where(np.arange(len(before)) == UNSEEN % len(before), 500, 0)
    values = Values({"channel": [None] * 100}, 100, {"channel": feature})
    assert renamed(feature, before, current, values) is None
