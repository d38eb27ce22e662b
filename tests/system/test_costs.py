"""Costs from the response to reports, a budget's alert, exports and `doctor`."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from command import lines, modeltap
from modeltap.store.connection import connect, writing
from modeltap.store.retention import ExchangeKey, delete
from stores import analyze, every, put, read

PRICES = {"gpt-4o": {"input": 2.5, "output": 10}}
OPTIONS = {
    "window": "1d",
    "reference": "first 200 rows",
    "multivariate": False,
    "min_rows": 50,
    "prices": PRICES,
    "rules": [{"metric": "cost", "above": 1.0}],
}


def response(number, name, tokens):
    message = {"role": "assistant", "content": f"reply {number}"}
    usage = {"prompt_tokens": tokens, "completion_tokens": 100, "total_tokens": tokens + 100}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return json.dumps({"model": name, "choices": choices, "usage": usage})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two days of small prompts, a day of large ones, and names without a price."""
    path = tmp_path_factory.mktemp("costs")
    for day, tokens in enumerate((600, 600, 6000)):
        names = ["gpt-4o-2024-08-06"] * 90 + ["gpt-5x"] * 10
        put(
            path / "taps.db",
            every(14.4, 100, first=1440 * day),
            [{"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}] * 100,
            model="bot",
            prefix=f"d{day}-",
            responses=[response(n, name, tokens) for n, name in enumerate(names)],
        )
    put(
        path / "taps.db",
        every(1, 1, first=3 * 1440),
        [{"x": 1}],
        model="bot",
        prefix="last",
    )
    toml = '[prices."gpt-4o"]\ninput = 2.5\noutput = 10\n'
    (path / "modeltap.toml").write_text(toml)
    analyze(path / "taps.db", OPTIONS)
    return path


def test_windows_have_costs_and_the_budget_alerts(folder):
    rows = read(
        folder / "taps.db", "select * from metrics where metric = 'cost' order by window_start"
    )
    small, large = 90 * (600 * 2.5 + 100 * 10) / 1e6, 90 * (6000 * 2.5 + 100 * 10) / 1e6
    assert [row["value"] for row in rows] == pytest.approx([small, small, large])
    (missing,) = {
        row["value"]
        for row in read(folder / "taps.db", "select * from metrics where metric='not_priced_rate'")
    }
    assert missing == 0.1
    (alert,) = read(folder / "taps.db", "select * from alerts where metric = 'cost'")
    assert alert["state"] == "firing" and "above 1" in alert["summary"]


def test_an_exchange_has_its_cost_or_the_reason(folder):
    (shown,) = lines(modeltap("show", "d0-3", "--store", "taps.db", "--json", cwd=folder))
    assert shown["cost"] == pytest.approx(0.0025) and shown["cost_note"] is None
    (shown,) = lines(modeltap("show", "d0-95", "--store", "taps.db", "--json", cwd=folder))
    assert (shown["cost"], shown["cost_note"]) == (None, "the price table has no such name")


def test_exported_rows_have_their_costs(folder):
    rows = lines(modeltap("export", "--store", "taps.db", cwd=folder))
    costs = [row.get("cost") for row in rows]
    assert costs[0] == pytest.approx(0.0025) and costs[95] is None and costs.count(None) == 31


def test_doctor_names_what_has_no_price(folder):
    findings = lines(modeltap("doctor", "--store", "taps.db", "--json", cwd=folder, code=1))
    (own,) = [row for row in findings if "gpt-5x" in (row["subject"] or "")]
    assert own["count"] == 30 and 'add [prices."gpt-5x"]' in own["fix"]


def test_deleted_exchanges_leave_no_counts(folder):
    with closing(connect(folder / "taps.db")) as connection:
        (seq,) = connection.execute("select seq from exchanges where id = 'd0-0'").fetchone()
        with writing(connection):
            delete(connection, [ExchangeKey(seq, "d0-0")])
        left = connection.execute("select 1 from token_counts where exchange_id = 'd0-0'")
        assert left.fetchone() is None
