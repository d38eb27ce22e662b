"""`silence`, `acknowledge` and `alerts --history`."""

from __future__ import annotations

import pytest

from command import lines, modeltap
from incidents import metric_row, process_rows
from modeltap.store.connection import connect


@pytest.fixture
def incident(tmp_path):
    """A firing alert and a pending one."""
    connection = connect(tmp_path / "modeltap.db")
    process_rows(
        connection, [metric_row(0, "alert"), metric_row(0, "alert", feature="dewp", strength=1.5)]
    )
    found = connection.execute("select id from alerts where feature = 'temp'").fetchone()[0]
    connection.close()
    return found


def test_pending_alerts_are_listed_on_request(incident):
    assert [row["feature"] for row in lines(modeltap("alerts", "--json"))] == ["temp"]
    pending = lines(modeltap("alerts", "--state", "pending", "--json"))
    assert [row["feature"] for row in pending] == ["dewp"]


def test_a_silence_is_added_listed_and_ended(incident):
    assert "no active silences" in modeltap("silence", "list")
    shown = modeltap("silence", "add", incident, "--for", "2h", "--reason", "new sensor")
    made = shown.partition(":")[0]
    (row,) = lines(modeltap("silence", "list", "--json"))
    assert (row["id"], row["alert"], row["reason"]) == (made, incident, "new sensor")
    assert "new sensor" in modeltap("silence", "list")
    assert modeltap("silence", "end", made).endswith(": ended\n")
    assert "no active silences" in modeltap("silence", "list")
    history = modeltap("alerts", "--history")
    for step in ("firing", "silenced", "new sensor", "silence ended"):
        assert step in history


def test_a_silence_matches_by_model_and_rule_until_a_time(incident):
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
def test_an_invalid_silence_is_a_one_line_error(incident, words, line):
    shown = modeltap("silence", "add", *words, code=1)
    assert line in shown and len(shown.splitlines()) == 1


def test_alerts_are_acknowledged(incident):
    short = incident[:12]
    assert short in modeltap("alerts")
    assert modeltap("acknowledge", short) == "1 alert acknowledged\n"
    (alert,) = lines(modeltap("alerts", "--json"))
    assert alert["acknowledged_at"]
    assert "acknowledged" in modeltap("alerts", "--history")
    assert "no alert has the id 'alert_x'" in modeltap("acknowledge", "alert_x", code=1)


def test_an_invalid_duration_is_a_usage_error(incident):
    shown = modeltap("silence", "add", incident, "--for", "soon", code=2)
    assert "--for 'soon' is not a valid duration" in shown
