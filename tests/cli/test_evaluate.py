"""`modeltap evaluate`, and evaluators in the scheduled analysis."""

from __future__ import annotations

import json

import pytest

from command import lines, modeltap
from stores import analyze, every, put, read

EVALUATORS = [
    {"name": "valid", "kind": "json"},
    {"name": "broken", "kind": "json", "schema": "missing.json"},
    {"name": "short", "kind": "length", "max": 500},
    {"name": "english", "kind": "language", "languages": ["en"], "field": "prompt"},
]
OPTIONS = {
    "window": "1d",
    "reference": "first 1440 rows",
    "multivariate": False,
    "evaluators": EVALUATORS,
}


def exchange(number, fails):
    text = "I could not find the order" if fails else json.dumps({"order": number})
    request = {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": f"When does my parcel {number} arrive?"}],
    }
    choice = {"index": 0, "message": {"role": "assistant", "content": text}}
    return request, json.dumps({"model": "gpt-4o-2024-08-06", "choices": [choice]})


def fill(store, count, period, first, prefix):
    pairs = [exchange(n, n % period == 0) for n in range(count)]
    moments = every(2, count, first=first)
    requests, responses = zip(*pairs, strict=True)
    put(store, moments, requests, model="bot", prefix=prefix, responses=responses)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two days as always, then two days in which every fifth output is not JSON."""
    path = tmp_path_factory.mktemp("bot")
    fill(path / "taps.db", 1440, 100, 0, "r")
    fill(path / "taps.db", 1440, 5, 2 * 1440, "s")
    fill(path / "taps.db", 1, 5, 4 * 1440, "t")
    options = {name: value for name, value in OPTIONS.items() if name != "evaluators"}
    toml = "".join(f"{name} = {json.dumps(value)}\n" for name, value in options.items())
    for own in EVALUATORS:
        toml += "\n[[models.bot.evaluators]]\n"
        toml += "".join(f"{name} = {json.dumps(value)}\n" for name, value in own.items())
    (path / "modeltap.toml").write_text(toml)
    analyze(path / "taps.db", OPTIONS)
    return path


def test_windows_are_compared_with_the_reference_and_alert(folder):
    store = folder / "taps.db"
    rows = read(
        store,
        "select verdict, rows, count, examples, explanation from metrics "
        "where metric = 'evaluator_pass_rate' and segment = 'evaluator=valid' "
        "order by window_start",
    )
    assert [row["verdict"] for row in rows] == ["learning", "learning", "alert", "alert"]
    assert [row["count"] for row in rows[2:]] == [576, 576]
    assert "outputs that fail valid went from 1 % to 20 % of 720 outputs" in rows[2]["explanation"]
    assert all(own.startswith("s") for own in json.loads(rows[2]["examples"]))
    (alert,) = read(store, "select * from alerts where rule = 'evaluators'")
    assert (alert["state"], alert["segment"]) == ("firing", "evaluator=valid")
    others = read(store, "select distinct verdict from metrics where segment = 'evaluator=english'")
    assert {row["verdict"] for row in others} == {"learning", "ok"}


def test_a_second_analysis_changes_nothing(folder):
    before = read(folder / "taps.db", "select * from metrics")
    assert analyze(folder / "taps.db", OPTIONS).windows == 0
    assert read(folder / "taps.db", "select * from metrics") == before


def test_the_command_evaluates_the_newest_outputs(folder):
    words = ("evaluate", "--store", "taps.db", "--model", "bot", "--rows", "200")
    shown = lines(modeltap(*words, "--json", cwd=folder))
    valid, broken, short, mean, english = shown
    assert (broken["verdict"], broken["value"]) == ("not_comparable", None)
    assert "cannot read the schema 'missing.json'" in broken["explanation"]
    assert (valid["evaluator"], valid["outputs"], valid["failed"]) == ("valid", 200, 40)
    assert valid["verdict"] == "alert" and valid["examples"]
    assert (short["failed"], mean["metric"]) == (0, "evaluator_score")
    assert (english["kind"], english["failed"]) == ("language", 0)
    text = modeltap(*words, cwd=folder)
    assert "valid" in text and "alert" in text


def test_doctor_reports_an_evaluator_that_fails(folder):
    findings = lines(modeltap("doctor", "--store", "taps.db", "--json", cwd=folder, code=1))
    (own,) = [row for row in findings if row["subject"] == "evaluator=broken"]
    assert own["check"] == "metrics" and "cannot read the schema" in own["reason"]


def test_without_evaluators_one_line_says_how_to_add_some(folder, tmp_path):
    store = folder / "taps.db"
    done = modeltap("evaluate", "--store", str(store), cwd=tmp_path, code=1)
    assert "[[models.NAME.evaluators]]" in done and done.count("\n") == 1
    done = modeltap("evaluate", "--store", str(store), "--model", "bto", cwd=tmp_path, code=1)
    assert "did you mean 'bot'?" in done
