"""Settings of a served app that match nothing are reported within a window, wherever they are."""

from __future__ import annotations

import json

import httpx
import pytest

from command import lines, modeltap

APP = """
import modeltap
from fastapi import FastAPI, Request

app = FastAPI()

@app.post("/predict")
async def predict(request: Request):
    body = await request.json()
    return {{"prediction": body["temp [C]"] * 2}}

modeltap.watch(app, model="m", store="taps.db", **{options!r})
"""

NAMES = {
    "event_time": "body:ts",
    "features": {"temp (C)": {"min": 0}, "temp [C]": {"min": -50}},
    "rules": [
        {"metric": "drift", "feature": "temp [K]", "above": 0.1},
        {"rule": "data_drift", "feature": "humid*", "severity": "info"},
        {"metric": "drift", "feature": "temp [*", "above": 0.1},
        {"metric": "missing_rate", "feature": "temp [C]", "above": 0.1},
    ],
}
UNMATCHED_NAMES = {
    "event_time: no event time",
    '[models.m.features."temp (C)"]',
    "the rule with feature = temp [K]",
    "the rule with feature = humid*",
}
MAPPING = {"mapping": {"rows": "payload.items", "prediction": "prediction"}}
ROWS = "rows: "

NAMES_FILE = """
[models.m]
event_time = "body:ts"

[models.m.features."temp (C)"]
min = 0

[models.m.features."temp [C]"]
min = -50

[[rules]]
metric = "drift"
feature = "temp [K]"
above = 0.1

[[models.m.rules]]
rule = "data_drift"
feature = "humid*"
severity = "info"

[[rules]]
metric = "drift"
feature = "temp [*"
above = 0.1

[[rules]]
metric = "missing_rate"
feature = "temp [C]"
above = 0.1
"""
MAPPING_FILE = """
[models.m.mapping]
rows = "payload.items"
prediction = "prediction"
"""


def configure(place, options, file, tmp_path, monkeypatch):
    """Write settings to a file or to variables; return those that are left for keywords."""
    if place == "file":
        (tmp_path / "modeltap.toml").write_text(file)
    elif place == "environment":
        for name, value in options.items():
            text = value if isinstance(value, str) else json.dumps(value)
            monkeypatch.setenv(f"MODELTAP_{name.upper()}", text)
    return options if place == "keywords" else {}


def post(url):
    with httpx.Client(base_url=url, trust_env=False, verify=False) as client:
        for n in range(12):
            assert client.post("/predict", json={"temp [C]": n, "wind": 2 * n}).status_code == 200


@pytest.fixture
def subjects(tmp_path, read_rows):
    def read():
        alerts = read_rows(tmp_path / "taps.db", "select feature, summary from alerts")
        return {alert["feature"]: alert["summary"] for alert in alerts}

    return read


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "place",
    ["keywords", pytest.param("file", marks=SLOW), pytest.param("environment", marks=SLOW)],
)
def test_the_scheduler_reports_names_that_fit_nothing(
    serve, eventually, tmp_path, monkeypatch, subjects, place
):
    """Brackets in names are no patterns, and what fits is not reported."""
    options = configure(place, NAMES, NAMES_FILE, tmp_path, monkeypatch)
    served = serve(APP.format(options={"analyze_interval_seconds": 1, **options}))
    post(served.url)
    assert eventually(lambda: set(subjects()) >= UNMATCHED_NAMES)
    served.stop()
    assert set(subjects()) == UNMATCHED_NAMES
    found = subjects()
    assert "did you mean 'temp [C]'?" in found['[models.m.features."temp (C)"]']
    assert "12 of 12 rows have no event time" in found["event_time: no event time"]


@pytest.mark.parametrize(
    "place",
    ["keywords", pytest.param("file", marks=SLOW), pytest.param("environment", marks=SLOW)],
)
@pytest.mark.parametrize("kind", ["names", "mapping"])
def test_an_analysis_reports_what_fits_nothing(
    serve, eventually, tmp_path, monkeypatch, subjects, place, kind
):
    options, file = (NAMES, NAMES_FILE) if kind == "names" else (MAPPING, MAPPING_FILE)
    keywords = configure(place, options, file, tmp_path, monkeypatch)
    served = serve(APP.format(options={"analyze": False, **keywords}))
    post(served.url)
    served.stop()
    modeltap("analyze", "--store", "taps.db", cwd=tmp_path)
    if kind == "names":
        assert set(subjects()) == UNMATCHED_NAMES
    else:
        ((subject, summary),) = subjects().items()
        assert subject.startswith(ROWS) and "mapping" in subject
        assert "12 of 12 exchanges have no rows" in summary and "have temp [C], wind" in summary
    findings = lines(modeltap("doctor", "--store", "taps.db", "--json", cwd=tmp_path, code=1))
    problems = [one for one in findings if one["level"] == "problem"]
    assert {one["check"] for one in problems} == (
        {"event_time", "settings"} if kind == "names" else {"rows"}
    )
    assert all(one["fix"] for one in problems)
