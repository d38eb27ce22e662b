"""`silence`, `acknowledge`, `alerts --history`: what people do about an incident."""

from __future__ import annotations

import pytest

from command import lines, modeltap
from incidents import judge_rows, metric_row
from modeltap.store.connection import connect


@pytest.fixture
def incident(tmp_path):
    """An alert that fires, and one that is only suspected."""
    connection = connect(tmp_path / "modeltap.db")
    judge_rows(
        connection, [metric_row(0, "alert"), metric_row(0, "alert", feature="dewp", strength=1.5)]
    )
    found = connection.execute("select id from alerts where feature = 'temp'").fetchone()[0]
    connection.close()
    return found


def test_suspicions_are_shown_when_asked_for(incident):
    assert [row["feature"] for row in lines(modeltap("alerts", "--json"))] == ["temp"]
    pending = lines(modeltap("alerts", "--state", "pending", "--json"))
    assert [row["feature"] for row in pending] == ["dewp"]


def test_an_alert_is_silenced_listed_and_heard_again(incident):
    assert "no active silences" in modeltap("silence", "list")
    said = modeltap("silence", "add", incident, "--for", "2h", "--reason", "new sensor")
    made = said.partition(":")[0]
    (row,) = lines(modeltap("silence", "list", "--json"))
    assert (row["id"], row["alert"], row["reason"]) == (made, incident, "new sensor")
    assert "new sensor" in modeltap("silence", "list")
    assert modeltap("silence", "end", made).endswith(": ended\n")
    assert "no active silences" in modeltap("silence", "list")
    history = modeltap("alerts", "--history")
    for step in ("firing", "silenced", "new sensor", "silence ended"):
        assert step in history


def test_a_silence_by_model_and_rule_until_a_time(incident):
    modeltap(
        "silence", "add", "--model", "flights", "--rule", "data_drift", "--until", "2099-01-01"
    )
    (alert,) = lines(modeltap("alerts", "--json"))
    assert alert["silenced_until"] == "2099-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--for", "2h"], "nothing to silence; add an alert's id"),
        (["--model", "flights"], "use exactly one of --for and --until"),
        (["--model", "flihgts", "--for", "2h"], "did you mean 'flights'?"),
        (["--rule", "data_drfit", "--for", "2h"], "did you mean 'data_drift'?"),
        (["alert_x", "--for", "2h"], "no alert has the id 'alert_x'"),
        (["--model", "flights", "--until", "2099-99-99"], "is not a valid time"),
        (["--model", "flights", "--until", "yesterday"], "--until 'yesterday' is not a valid time"),
        (["--model", "flights", "--until", "2001-01-01"], "is in the past"),
    ],
)
def test_a_wrong_silence_is_a_clear_line(incident, words, line):
    said = modeltap("silence", "add", *words, code=1)
    assert line in said and len(said.splitlines()) == 1


def test_somebody_looks_after_it(incident):
    short = incident[:12]
    assert short in modeltap("alerts")
    assert modeltap("acknowledge", short) == "1 alert acknowledged\n"
    (alert,) = lines(modeltap("alerts", "--json"))
    assert alert["acknowledged_at"]
    assert "acknowledged" in modeltap("alerts", "--history")
    assert "no alert has the id 'alert_x'" in modeltap("acknowledge", "alert_x", code=1)


def test_a_wrong_length_is_wrong_usage(incident):
    said = modeltap("silence", "add", incident, "--for", "soon", code=2)
    assert "--for 'soon' is not a valid duration" in said
