"""Ratings of a model's outputs in a pass and at once, against a real server."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from command import lines, modeltap
from judge_server import choice_line, judge_server, output_of
from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect, writing
from modeltap.store.labels import Label, insert_labels
from stores import every, put, read

OPTIONS = {
    "window": "1d",
    "reference": "first 400 rows",
    "multivariate": False,
    "min_rows": 50,
}


def errs(text):
    """Rate by the truth, `is good` in the output, but err in every tenth output."""
    output = output_of(text)
    good = ("is good" in output) != (int(output.split()[1]) % 10 == 0)
    return choice_line(text, "good" if good else "bad")


@pytest.fixture
def server():
    with judge_server(errs) as judge:
        yield judge


def fill(store, count, first, prefix, good):
    """Store `count` outputs of a day, of which the fraction `good` is good."""
    requests, responses = [], []
    for number in range(count):
        word = "is good" if number * 7919 % 100 < 100 * good else "is poor"
        message = {"role": "assistant", "content": f"Reply {number} {word}"}
        requests.append({"model": "g", "messages": [{"role": "user", "content": "hi"}]})
        responses.append(json.dumps({"model": "g", "choices": [{"index": 0, "message": message}]}))
    moments = every(1440 / count, count, first=first)
    put(store, moments, requests, model="bot", prefix=prefix, responses=responses)


def label(store, prefix, numbers, good):
    with closing(connect(store)) as connection, writing(connection):
        people = [
            Label(f"{prefix}{n}", 0, "good" if n * 7919 % 100 < 100 * good else "bad")
            for n in numbers
        ]
        insert_labels(connection, people, source="cli", model="bot")


def analyze(store, server, **options):
    judge = server.settings(**{"sample": 100, "calls_per_day": 5000, "concurrency": 8, **options})
    with closing(connect(store)) as connection:
        return Analyzer(store, connection, {**OPTIONS, "judge": judge}).run_pass(send=False)


def metrics(store, name):
    return read(store, "select * from metrics where metric = ? order by window_start", name)


@pytest.fixture
def filled(store):
    """Two days of the reference, a day like them, a worse one, and the beginning of a fifth."""
    for day, good in enumerate((0.9, 0.9, 0.9, 0.5)):
        fill(store, 200, day * 1440, f"d{day}-", good)
    fill(store, 3, 4 * 1440, "d4-", 0.9)
    return store


def test_windows_are_rated_compared_and_corrected(filled, server):
    label(filled, "d0-", range(150), 0.9)
    label(filled, "d3-", range(60), 0.5)
    report = analyze(filled, server)
    assert len(report.ratings) == 1 and "stopped" not in report.ratings[0]
    rates = metrics(filled, "judge_rate")
    assert [row["verdict"] for row in rates] == ["ok", "alert"]
    assert "outputs that fail the judge went from" in rates[1]["explanation"]
    corrected = metrics(filled, "judge_corrected_rate")
    assert corrected[0]["low"] <= 0.9 <= corrected[0]["high"]
    assert corrected[1]["low"] <= 0.5 <= corrected[1]["high"]
    assert abs(corrected[1]["value"] - 0.5) < 0.15
    kappa = metrics(filled, "judge_kappa")[1]
    assert kappa["rows"] == 200 and 0.5 < kappa["low"] < kappa["high"] < 1
    changed = metrics(filled, "judge_order_change_rate")[1]
    assert (changed["rows"], changed["count"]) == (200, 0)
    asked = len(server.requests)
    before = read(filled, "select * from metrics")
    assert analyze(filled, server).ratings == []
    assert len(server.requests) == asked and read(filled, "select * from metrics") == before


def test_labels_of_people_stay_the_truth(filled, server):
    label(filled, "d0-", range(20), 0.9)
    analyze(filled, server)
    shown = modeltap("show", "d0-0", "--store", filled, "--json")
    assert {row["source"] for row in lines(shown)[0]["labels"]} == {"cli", "judge"}
    assert read(filled, "select count(*) n from labels where source = 'judge'")[0]["n"] > 300
    coverage = metrics(filled, "label_coverage")
    assert [row["value"] for row in coverage] == [0.1]  # 20 of the 200 of the first day


def test_a_judge_without_labels_of_people_is_uncalibrated(filled, server):
    analyze(filled, server)
    for row in metrics(filled, "judge_corrected_rate"):
        assert row["verdict"] == "not_comparable" and row["value"] is None
        assert row["explanation"].startswith("uncalibrated: no output has")
    assert metrics(filled, "judge_rate")[1]["verdict"] == "alert"


def test_a_target_is_one_of_the_corrected_rate(filled, server):
    label(filled, "d0-", range(200), 0.9)
    label(filled, "d1-", range(200), 0.9)
    analyze(filled, server, target=0.75, calibration=400)
    rows = metrics(filled, "judge_corrected_rate")
    assert [row["verdict"] for row in rows] == ["ok", "alert"]
    assert "the target is 75 %" in rows[1]["explanation"]


def test_a_budget_that_is_used_up_continues_the_next_day(filled, server):
    report = analyze(filled, server, calls_per_day=120)
    assert len(server.requests) == 120 and "budget of the day" in report.ratings[0]
    with closing(connect(filled)) as connection, writing(connection):
        connection.execute("update judge_spending set day = '2020-01-01'")
    analyze(filled, server)
    assert {row["rows"] for row in metrics(filled, "judge_rate")} == {100}
    asked = read(filled, "select exchange_id, count(*) n from judge_answers group by 1, row")
    assert {row["n"] for row in asked} == {1}


def test_an_unusable_judge_costs_only_its_ratings(filled, server, monkeypatch, caplog):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    report = analyze(filled, server, api_key="env:NO_SUCH_KEY")
    assert report.analysis.windows >= 4
    assert "environment variable NO_SUCH_KEY is not set" in report.ratings[0]
    assert "NO_SUCH_KEY" in caplog.text
    caplog.clear()
    analyze(filled, server, api_key="env:NO_SUCH_KEY")
    assert caplog.text == ""  # once a day
    server.behaviour = "fails"
    report = analyze(filled, server, retries=0, concurrency=2)
    assert "8 times in a row" in report.ratings[0] and "judge of bot" in caplog.text


def test_the_command_rates_the_newest_outputs(filled, server, tmp_path):
    analyze(filled, server, calls_per_day=0)
    label(filled, "d3-", range(40), 0.5)
    judge = server.settings(sample=30)
    toml = "[models.bot.judge]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in judge.items())
    (tmp_path / "modeltap.toml").write_text(toml)
    words = ("evaluate", "--store", filled, "--model", "bot", "--rows", "100", "--json")
    rows = {row["metric"]: row for row in lines(modeltap(*words, cwd=tmp_path))}
    assert rows["judge_rate"]["outputs"] == 30 and rows["judge_rate"]["evaluator"] == "judge"
    assert rows["judge_kappa"]["outputs"] == 40
    assert rows["judge_corrected_rate"]["low"] is not None
    for metric in ("judge_failed_rate", "judge_order_change_rate"):  # rates of failures
        own = rows[metric]
        assert own["failed"] == round(own["value"] * own["outputs"]) < own["outputs"]
    hits = rows["judge_sensitivity"]
    assert hits["failed"] == hits["outputs"] - round(hits["value"] * hits["outputs"])
    asked = len(server.requests)
    modeltap(*words, cwd=tmp_path)
    assert len(server.requests) == asked  # settled outputs are not rated again
    text = modeltap("doctor", "--store", filled, cwd=tmp_path)
    assert "judge: bot: small at 127.0.0.1, 500 calls and 500,000 tokens a day" in text
    text = modeltap(*words, "--no-judge", cwd=tmp_path, code=1)
    assert "no evaluators are configured" in text
