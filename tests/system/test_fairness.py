"""Groups from the import of a CSV file to the webhook's message and `modeltap fairness`."""

from __future__ import annotations

import csv
import json
from collections import Counter
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from modeltap import clock
from modeltap.analysis.model.reference import Reference
from modeltap.cli.main import cli
from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges
from modeltap.store.labels import insert_labels
from modeltap.store.settings import save_settings
from modeltap.testing import WebhookReceiver
from stores import START, analyze, every, put, read

ROWS = 1000
WINDOWS = 6
FIRST_UNFAIR = 4


def window_of(number):
    """Return a thousand applicants; from the fourth window on, six of ten women are denied."""
    rng = np.random.default_rng(number)
    women = rng.random(ROWS) < 0.5
    labels = rng.random(ROWS) < 0.4
    predictions = np.where(rng.random(ROWS) < 0.15, ~labels, labels)
    if number >= FIRST_UNFAIR:
        predictions = np.where(women & (rng.random(ROWS) < 0.6), False, predictions)
    return [
        {
            "id": f"{number}-{n}",
            "sex": "Female" if women[n] else "Male",
            "income": round(float(rng.lognormal(8, 0.4)), 1),
            "prediction": int(predictions[n]),
            "label": int(labels[n]),
        }
        for n in range(ROWS)
    ]


def run(*words):
    done = CliRunner().invoke(cli, [*map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def loans(tmp_path, monkeypatch):
    """A folder with settings and a file of loans, one window a thousand minutes."""
    monkeypatch.chdir(tmp_path)
    rows = [row for number in range(WINDOWS) for row in window_of(number)]
    times = every(1, len(rows))
    for row, time in zip(rows, times, strict=True):
        row["time"] = time.strftime("%Y-%m-%dT%H:%M:%SZ")
    with Path("loans.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return rows


SETTINGS = """
[models.loans]
reference = "first 2000 rows"
window = "1000 rows"
multivariate = false
groups = ["sex"]

[[rules]]
rule = "fairness"
name = "four fifths"
metric = "demographic_parity_ratio"
below = 0.5

[[webhooks]]
url = "{url}"
allow_private = true
include_values = true
"""


def test_a_widened_gap_reaches_the_webhook_and_the_report(loans, tmp_path):
    """With rates that equal counts by hand, and a rule with an absolute limit."""
    with WebhookReceiver() as receiver:
        (tmp_path / "modeltap.toml").write_text(SETTINGS.format(url=receiver.url))
        run("import", "loans.csv", "--model", "loans", "--id", "id", "--timestamp", "time")
        run("analyze", "--open")
    texts = json.dumps([message.event for message in receiver.received])
    assert "loans (sex): demographic parity difference went from" in texts
    assert "selection rate is" in texts and "'Female'" in texts
    assert "four fifths: demographic_parity_ratio is" in texts
    rows = [json.loads(line) for line in run("fairness", "--json").splitlines()]
    metrics = {(row["metric"], row["segment"]): row for row in rows}
    last = loans[-ROWS:]
    for sex in ("Female", "Male"):
        own = [row for row in last if row["sex"] == sex]
        positive = [row for row in own if row["label"]]
        selected = metrics["selection_rate", f"sex={sex}"]
        assert (selected["count"], selected["rows"]) == (
            sum(row["prediction"] for row in own),
            len(own),
        )
        tpr = metrics["tpr", f"sex={sex}"]
        assert (tpr["count"], tpr["rows"]) == (
            sum(row["prediction"] for row in positive),
            len(positive),
        )
    gap = metrics["demographic_parity_difference", "sex"]
    assert gap["verdict"] == "alert" and gap["feature"] is None
    assert gap["low"] <= gap["value"] <= gap["high"] and gap["value"] > gap["threshold"]
    assert "sex=Female" in run("fairness", "--model", "loans", "--last", "2")
    assert "sex=Female" not in run("performance", "--last", "3")


def test_gaps_alert_only_from_the_change_on(loans, tmp_path):
    """Windows before it are ok, and late labels do not repeat the alert."""
    (tmp_path / "modeltap.toml").write_text(SETTINGS.format(url="https://example.org/hook"))
    run("import", "loans.csv", "--model", "loans", "--id", "id", "--timestamp", "time")
    store = tmp_path / "modeltap.db"
    run("analyze", "--open", "--no-deliver")
    query = "select verdict from metrics where metric = ? and segment = 'sex' order by window_start"
    for metric in (
        "demographic_parity_difference",
        "equal_opportunity_difference",
        "equalized_odds_difference",
    ):
        verdicts = [row["verdict"] for row in read(store, query, metric)]
        assert verdicts[-2:] == ["alert"] * 2 and "alert" not in verdicts[:-2], (metric, verdicts)
    alerts = read(store, "select metric, severity, rule from alerts where rule = 'fairness'")
    assert Counter(alert["severity"] for alert in alerts) == {"warning": len(alerts)}
    groups = "select metric, segment, window_start, value from metrics where segment not null "
    before = read(store, f"{groups} order by 1, 2, 3")
    run("analyze", "--again", "--open", "--no-deliver")
    assert read(store, f"{groups} order by 1, 2, 3") == before
    assert len(read(store, "select * from alerts where rule = 'fairness'")) == len(alerts)


def test_labels_that_arrive_later_complete_the_rates(store):
    """The selection rate is known at once; unlabelled rows are in no other rate."""
    settings = {"window": "1000 rows", "reference": "first 2000 rows", "groups": ["sex"]}
    rows = [row for number in range(4) for row in window_of(number)]
    responses = [json.dumps({"prediction": row["prediction"]}) for row in rows]
    inputs = [{"sex": row["sex"], "income": row["income"]} for row in rows]
    put(store, every(1, len(rows)), inputs, responses=responses)
    analyze(store, settings, include_open=True)
    names = {row["metric"] for row in read(store, "select distinct metric from metrics")}
    assert "selection_rate" in names and "tpr" not in names
    half = [(f"r{n}", 0, row["label"]) for n, row in enumerate(rows) if n % 2]
    with closing(connect(store)) as connection, writing(connection):
        insert_labels(connection, half, source="test")
    analyze(store, settings, include_open=True)
    labelled = read(
        store,
        "select sum(rows) as rows from metrics where metric = 'misclassification_rate' "
        "group by window_start",
    )
    assert [row["rows"] for row in labelled] == [ROWS // 2] * 4
    with closing(connect(store)) as connection:
        (payload,) = connection.execute('select payload from "references" where active').fetchone()
    baseline = Reference.from_json(payload).groups
    assert sum(own["selection_rate"].rows for own in baseline.rates["sex"].values()) == 2000
    assert sum(own["misclassification_rate"].rows for own in baseline.rates["sex"].values()) == 1000


def test_groups_from_a_header_and_a_side_table(store, tmp_path):
    """Each with its reason where a row has none; hashed names are not in the store."""
    people = tmp_path / "people.csv"
    people.write_text("id,race\n" + "".join(f"r{n},{'PQ'[n % 2]}\n" for n in range(550)))
    groups = [
        {"name": "region", "header": "X-Region"},
        {"name": "race", "file": str(people), "key": "id", "hashed": True},
        {"name": "nothing", "header": "x-unknown"},
    ]
    settings = {
        "window": "300 rows",
        "reference": "first 300 rows",
        "groups": groups,
        "mask_key": "a key of sixteen characters",
    }
    with closing(connect(store)) as connection, writing(connection):
        insert_exchanges(connection, [exchange_of(n) for n in range(600)])
    analyze(store, settings, include_open=True)
    rows = read(
        store, "select * from metrics where metric = 'selection_rate' and window_start > ?", ""
    )
    segments = {row["segment"] for row in rows}
    assert {"region=north", "region=south"} <= segments
    hashed = [segment for segment in segments if segment.startswith("race=[hash:")]
    assert len(hashed) == 2 and not any(segment in ("race=P", "race=Q") for segment in segments)
    unknown = [row for row in rows if row["segment"] == "race=(unknown)"]
    assert unknown[-1]["rows"] == 50 and "50 not in 'people.csv'" in unknown[-1]["explanation"]
    (reason,) = {
        row["explanation"] for row in read(store, "select * from metrics where segment = 'nothing'")
    }
    assert reason == "no row has the header 'x-unknown'; add it to capture_request_headers"
    text = store.read_bytes() + b"".join(
        path.read_bytes() for path in store.parent.glob("taps.db-*") if path.is_file()
    )
    assert b"race=P" not in text


def exchange_of(number):
    when = START.timestamp() + 60 * number

    return ExchangeRow(
        id=f"r{number}",
        model="m",
        source="import",
        path="/predict",
        status=200,
        started_at=clock.iso(when),
        event_time=clock.iso(when),
        request_type="application/json",
        response_type="application/json",
        request_headers=json.dumps({"x-region": "north" if number % 3 else "south"}),
        request_body=json.dumps({"x": number % 7}),
        response_body=json.dumps({"prediction": number % 2}),
        sample_rate=1.0,
    )


def test_a_misspelt_group_is_a_problem_of_doctor(store):
    put(store, every(1, 400), [{"sex": "FM"[n % 2], "x": n % 7} for n in range(400)])
    analyze(store, {"window": "100 rows", "reference": "first 200 rows"})
    with closing(connect(store)) as connection, writing(connection):
        save_settings(connection, "m", {"groups": [{"name": "sexx"}]})
    done = CliRunner().invoke(cli, ["doctor", "--store", str(store)])
    assert "sexx in groups of m" in done.output and "did you mean 'sex'" in done.output


def test_a_person_s_group_is_erased(store):
    """From segments and from the reference."""
    rows = [{"name": "Zoe" if n % 4 else "Max", "x": n % 7} for n in range(600)]
    responses = [json.dumps({"prediction": n % 2}) for n in range(600)]
    put(store, every(1, 600), rows, responses=responses)
    settings = {"window": "100 rows", "reference": "first 300 rows", "groups": ["name"]}
    analyze(store, settings)
    assert read(store, "select * from metrics where segment = 'name=Zoe'")
    run("erase", "--model", "m", "--where", "name=Zoe", "--yes", "--store", store)
    assert not read(store, "select * from metrics where segment like '%Zoe%'")
    assert read(store, "select * from metrics where segment = 'name=Max'")
    (payload,) = {row["payload"] for row in read(store, 'select payload from "references"')}
    assert "Zoe" not in payload
