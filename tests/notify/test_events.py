"""The content of messages: the most severe alert first, no values from payloads, below 20 KB."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.notify.events import encoded, event_of, summary
from modeltap_channels import message_parts


def pending(connection):
    rows = connection.execute("select webhook, body from deliveries order by rowid")
    return [(row["webhook"], json.loads(row["body"])) for row in rows]


def test_alerts_of_a_window_are_one_message_most_severe_first(connection, process, row):
    hooks = [("one", WebhookSettings(url="http://a.example"))]
    rows = [
        row(
            0,
            "alert",
            feature=f"f{n}",
            strength=2.0 + n,
            explanation=f"f{n}: median went from 10 to 20",
        )
        for n in range(6)
    ]
    process(*rows, webhooks=hooks)
    ((_, event),) = pending(connection)
    data = event["data"]
    assert data["summary"] == (
        "flights: 6 inputs drifted in the week from 2013-03-04: f5: median went from 10 to 20; "
        "f4: median went from 10 to 20; f3: median went from 10 to 20; also f2, f1, f0"
    )
    assert [one["feature"] for one in data["alerts"]] == ["f5", "f4", "f3", "f2", "f1", "f0"]
    assert data["open_alerts"] == 6


def test_a_message_has_the_documented_fields(connection, process, row):
    """In the same order, for the event and for its alerts."""
    page = (Path(__file__).parents[2] / "docs/alerts.md").read_text()
    shown = json.loads(re.search(r"```json\n(.*?)```", page, re.S)[1])
    event = event_of(process(row(0, "alert")))
    assert list(event) == list(shown)
    assert list(event["data"]) == list(shown["data"])
    assert list(event["data"]["alerts"][0]) == list(shown["data"]["alerts"][0])


def test_rules_with_names_have_messages_of_their_own(connection, process, row):
    """With the name in the message; a rule without one has none."""
    hooks = [("one", WebhookSettings(url="http://a.example"))]
    limits = {"late at night": 12.0, "<b>day</b>": 13.0}
    rules = [{"metric": "mae", "above": above, "name": name} for name, above in limits.items()]
    rules.append({"metric": "mae", "above": 1.0})
    about = dict.fromkeys(("feature", "low", "high", "strength", "p_value", "explanation"))
    process(row(0, None, metric="mae", value=15.0, **about), rules=rules, webhooks=hooks)
    events = [event for _, event in pending(connection)]
    assert {event["data"]["rule_name"] for event in events} == {*limits, None}
    assert {message_parts.title(event) for event in events} == {
        "🟠 flights: late at night",
        "🟠 flights: <b>day</b>",
        "🟠 flights: custom",
    }


def test_a_message_has_examples_and_a_link(connection, process, row):
    (one,) = process(row(0, "alert", examples='["0142", "0143"]'))
    data = event_of([one], dashboard="https://taps.example/")["data"]
    assert data["alerts"][0]["examples"] == ["0142", "0143"]
    assert data["link"] == f"https://taps.example/alerts?id={one.alert['id']}"
    assert event_of([one])["data"]["link"] is None


def test_a_finding_lists_all_of_its_features(connection, process, row):
    (one,) = process(row(0, "alert", feature="width", related='["width", "height"]'))
    data = event_of([one])["data"]
    assert data["alerts"][0]["related"] == ["width", "height"]
    assert "2 inputs drifted" in data["summary"]
    (one,) = process(row(1, "ok", feature="width"))
    assert summary([one]).endswith(": width and height")
    (one,) = process(row(0, "alert", feature="depth"))
    assert event_of([one])["data"]["alerts"][0]["related"] is None


SPOKEN = [
    (
        "c: category `app` is now `a\\`b'` (9 % of rows)",
        "c: category [value] is now [value] (9 % of rows)",
    ),
    ("columns `width` and `height` are swapped", "columns `width` and `height` are swapped"),
    (
        "x: value -999, outside 1 to 9, in 12 % of rows (60 of 503), none before",
        "x: value [value], outside 1 to 9, in 12 % of rows (60 of 503), none before",
    ),
    ("c: fraction of 'red' went from 0 % to 9 %", "c: fraction of [value] went from 0 % to 9 %"),
    ('c: fraction of "it\'s" went from 0 % to 9 %', "c: fraction of [value] went from 0 % to 9 %"),
    (r"c: fraction of 'it\'s' went up", "c: fraction of [value] went up"),
    ("c: 'red' and 'blue' are new", "c: [value] and [value] are new"),
    ("temp: median went from 10 to 20", "temp: median went from 10 to 20"),
]


@pytest.mark.parametrize(("text", "expected"), SPOKEN)
def test_values_from_payloads_are_sent_only_on_request(connection, process, row, text, expected):
    hooks = [
        ("bare", WebhookSettings(url="http://a.example")),
        ("full", WebhookSettings(url="http://b.example", include_values=True)),
    ]
    process(row(0, "alert", explanation=text), webhooks=hooks)
    events = dict(pending(connection))
    for key, words in (("bare", expected), ("full", text)):
        data = events[key]["data"]
        assert data["summary"].endswith(words)
        assert data["alerts"][0]["summary"] == f"flights: {words}"


def test_names_with_quotes_do_not_leak_values(process, row):
    text = "driver's car: fraction of 'red' went from 0 % to 9 %"
    (one,) = process(row(0, "alert", feature="driver's car", explanation=text, segment="it's=1"))
    data = event_of([one])["data"]
    words = "driver's car: fraction of [value] went from 0 % to 9 %"
    assert data["alerts"][0]["summary"] == f"flights (it's=1): {words}"
    assert "red" not in json.dumps(data)


def test_a_thousand_features_are_one_message_below_20_kb(connection, process, row):
    rows = [row(0, "alert", feature=f"feature {n} " + "x" * 300) for n in range(1000)]
    changed = process(*rows)
    event = event_of(changed)
    assert len(encoded(event)) < 20_000
    assert event["data"]["alerts_left_out"] == 1000 - len(event["data"]["alerts"]) > 900


def test_nan_is_null(process, row):
    (one,) = process(row(0, "alert"))
    one.alert["value"] = float("nan")
    assert json.loads(encoded(event_of([one])))["data"]["alerts"][0]["value"] is None
