"""Types as clients really send them, in a real store: what moves is found, what rises is not."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.store.connection import connect
from stores import analyze, every, put, read

SAID = {"window": "1d", "reference": "first 2880 rows", "multivariate": False}
COUNT = 720
"""Rows a day: one every two minutes."""

FORMS = {
    "all as texts": lambda x, n: f"{x:.2f}",
    "one of five as text": lambda x, n: f"{x:.2f}" if n % 5 == 0 else x,
    "with a code": lambda x, n: "?" if n % 9 == 0 else x,
    "texts with a code": lambda x, n: "n/a" if n % 9 == 0 else f"{x:.2f}",
    "decimal commas": lambda x, n: f"{x:.2f}".replace(".", ","),
    "with a currency": lambda x, n: f"${x:,.2f}",
}


def rows_of(days, field, form, factor=1.0, first=0):
    rng = np.random.default_rng(first + 1)
    values = np.round(rng.gamma(3, 400, days * COUNT) * factor, 2).tolist()
    return [{field: form(x, n + first)} for n, x in enumerate(values)]


@pytest.mark.parametrize("form", FORMS)
def test_a_tripled_amount_is_found_however_it_is_sent(store, form):
    """And the types say what is unusual in them; the days before are quiet."""
    rows = rows_of(5, "amount", FORMS[form]) + rows_of(1, "amount", FORMS[form], 3.0, 5 * COUNT)
    put(store, every(2, 6 * COUNT), rows)
    analyze(store, SAID, include_open=True)
    alerts = read(store, "select metric, window_start from alerts where feature = 'amount'")
    assert {row["window_start"][:10] for row in alerts} == {"2024-01-06"}
    assert "drift" in {row["metric"] for row in alerts}
    types = read(
        store,
        "select explanation from metrics where metric = 'type_mismatch_rate' and feature = "
        "'amount' and window_start like '2024-01-05%'",
    )
    assert types and all("of the reference's values are" in row["explanation"] for row in types)


RISING = {
    "epoch": lambda x, n: 1_404_067_200 + n,
    "microseconds": lambda x, n: 1_404_067_200_000_000 + n * 10**6,
    "float": lambda x, n: 1_404_067_200.25 + n,
    "digits": lambda x, n: str(1_404_067_200 + n),
    "reused": lambda x, n: 70_000 + n // 4,
    "ids": lambda x, n: 70_000 + n,
}


@pytest.mark.parametrize("field", ["ts", "seq"])
@pytest.mark.parametrize("form", RISING)
def test_what_always_rises_does_not_drift_for_ever(store, form, field):
    """Whatever it is called and however it is sent."""
    put(store, every(2, 8 * COUNT), rows_of(8, field, RISING[form]))
    analyze(store, SAID)
    assert not read(store, "select * from alerts where feature like ?", f"{field}%")


@pytest.mark.parametrize("form", ["all as texts", "one of five as text"])
def test_a_reference_of_csv_knows_clients_that_send_texts(store, tmp_path, form):
    """It cannot tell what they send: no type is wrong, and what moves is found."""
    lines = ["amount", *(str(row["amount"]) for row in rows_of(3, "amount", lambda x, n: x))]
    (tmp_path / "train.csv").write_text("\n".join(lines))
    rows = rows_of(1, "amount", FORMS[form], first=7) + rows_of(1, "amount", FORMS[form], 3.0, 8)
    put(store, every(2, 2 * COUNT), rows)
    analyze(store, {**SAID, "reference": str(tmp_path / "train.csv")}, include_open=True)
    alerts = read(store, "select metric, window_start from alerts where feature = 'amount'")
    assert {row["window_start"][:10] for row in alerts} == {"2024-01-02"}
    assert "drift" in {row["metric"] for row in alerts}


def test_a_reference_of_pandas_with_its_index_fits_the_traffic(store, tmp_path):
    """Shuffled, with `?` for missing values: no field is missing, no type is wrong."""
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(5)
    frame = pandas.DataFrame({"x": rng.normal(50, 10, 2000).round(2), "prediction": 1.0})
    frame.loc[::10, "x"] = None
    shuffled = frame.sample(frac=1, random_state=1)
    shuffled.to_csv(tmp_path / "train.csv", sep=";", decimal=",", na_rep="?")
    said = {"window": "1d", "reference": str(tmp_path / "train.csv"), "missing_values": ["?"]}
    values = rng.normal(50, 10, 2 * COUNT).round(2).tolist()
    put(store, every(2, 2 * COUNT), [{"x": x if n % 10 else None} for n, x in enumerate(values)])
    analyze(store, {**said, "multivariate": False})
    connection = connect(store)
    (payload,) = connection.execute('select payload from "references" where active').fetchone()
    connection.close()
    assert '"kind":"numeric"' in payload and "Unnamed" not in payload
    assert not read(store, "select summary from alerts where rule like 'data%'")
