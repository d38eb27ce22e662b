"""`modeltap reference`: show, list, compare and use."""

from __future__ import annotations

from command import lines, modeltap
from stores import analyze, every, put


def test_reference_show_lists_features(at):
    """With the type and bins of each."""
    (reference,) = lines(modeltap("reference", "show", *at, "--json"))
    assert reference["rows"] == 2000
    kinds = {feature["name"]: feature["type"] for feature in reference["features"]}
    assert kinds == {"amount": "numeric", "color": "categorical", "prediction": "numeric"}
    assert "amount" in modeltap("reference", "show", *at)


def test_references_are_listed_and_compared_by_id(files, at):
    """Also by the beginning of an id."""
    modeltap("reference", "set", *at, "--model", "m", "--from", "2024-05-02", "--to", "2024-05-03")
    found = lines(modeltap("reference", "list", *at, "--json"))
    assert [row["active"] for row in found] == [0, 1]
    before, after = (row["id"] for row in found)
    rows = lines(modeltap("reference", "compare", before[:8], after, *at, "--json"))
    amount = next(row for row in rows if row["feature"] == "amount")
    assert amount["typical_after"] > amount["typical_before"] and amount["js"] > 0.3
    color = next(row for row in rows if row["feature"] == "color")
    assert color["js"] < 0.05 and color["type_before"] == "categorical"
    assert "no reference has the id 'zzz'" in modeltap(
        "reference", "compare", "zzz", after, *at, code=1
    )
    modeltap("reference", "use", before, *at)


def test_an_uncompared_column_has_a_reason(store):
    """And the time from which it was relearnt."""
    shown = {"min_rows": 25, "multivariate": False, "window": "1h", "reference": "first 1d"}
    rows = [{"x": place % 7, "late": None} for place in range(30 * 24)]
    rows += [{"x": place % 7, "late": place % 5} for place in range(30 * 49)]
    moments = every(2, len(rows))
    put(store, moments[:900], rows[:900])
    analyze(store, shown)
    at = ("--store", store)
    assert "not compared: all values were missing" in modeltap("reference", "show", *at)
    put(store, moments[900:], rows[900:], prefix="s")
    analyze(store, shown)
    assert "relearnt from rows since 2024-01-02" in modeltap("reference", "show", *at)
    (reference,) = lines(modeltap("reference", "show", *at, "--json"))
    late = next(feature for feature in reference["features"] if feature["name"] == "late")
    assert (late["not_compared"], late["learnt_from"]) == (None, "2024-01-02T00:00:00.000Z")
