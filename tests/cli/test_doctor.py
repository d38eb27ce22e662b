"""`modeltap doctor`: healthy installations, and problems with their fix."""

from __future__ import annotations

import json
import os
from contextlib import closing

import pytest

from command import lines, modeltap
from modeltap.cli.finding import NOTE, OK, PROBLEM, Finding
from modeltap.store.connection import connect
from modeltap.text_width import width
from stores import analyze, every, put, read
from terminal import on_a_terminal


def test_doctor_succeeds_without_problems_and_fails_with_one(at, tmp_path):
    """Exit 0 or 1."""
    found = lines(modeltap("doctor", *at, "--json"))
    assert all(one["ok"] for one in found) and {"store", "references"} <= {
        o["check"] for o in found
    }
    damaged = tmp_path / "damaged.db"
    connect(damaged).close()
    damaged.write_bytes(damaged.read_bytes()[:5000])
    modeltap("doctor", "--store", damaged, code=1)


COLUMNS = ["check", "ok", "level", "model", "subject", "count", "total", "reason", "fix", "finding"]


def test_json_rows_have_the_same_columns_and_only_problems_fail(tmp_path):
    """A column of ids and a constant one are notes."""
    store = tmp_path / "notes.db"
    rows = [{"x": n * 7919 % 100, "user": f"u{n:04}", "unit": "mm"} for n in range(300)]
    put(
        store,
        every(1, 300),
        rows,
        responses=[json.dumps({"prediction": n % 7}) for n in range(300)],
    )
    analyze(store, {"reference": "first 200 rows", "window": "100 rows"})
    found = lines(modeltap("doctor", "--store", store, "--json"))
    assert all(list(one) == COLUMNS for one in found)
    assert all(one["ok"] and one["level"] in ("ok", "note") for one in found)
    notes = {one["subject"]: one for one in found if one["check"] == "features"}
    assert set(notes) == {"user", "unit"} and {one["level"] for one in notes.values()} == {"note"}
    assert (notes["user"]["model"], notes["user"]["count"], notes["user"]["total"]) == ("m", 1, 3)
    (tested,) = [one for one in found if one["check"] == "monitored"]
    assert (tested["count"], tested["total"]) == (2, 3)


def test_a_problem_of_a_model_fails_with_its_fix(tmp_path):
    store = tmp_path / "problem.db"
    put(store, every(1, 50), [{"x": n % 9} for n in range(50)])
    connection = connect(store)
    connection.execute("update exchanges set event_time = null")  # as capture leaves it
    connection.close()
    (tmp_path / "modeltap.toml").write_text('[models.m]\nevent_time = "body:ts"\n')
    shown = modeltap("doctor", "--store", store, code=1, cwd=tmp_path)
    assert "50 of 50 rows have no event time" in shown and "no field ts" in shown


def test_doctor_restricts_a_store_that_others_can_read(tmp_path):
    """Like any other command; a line says so."""
    store = tmp_path / "open.db"
    connect(store).close()
    store.chmod(0o644)
    found = modeltap("doctor", "--store", store)
    assert "ok   permissions: mode 600" in found and store.stat().st_mode & 0o777 == 0o600


def test_doctor_notes_numbers_sent_as_text(tmp_path):
    """With the setting that declares them. A note does not make the command fail."""
    store = tmp_path / "texts.db"
    rows = [{"amount": f"{n % 97 + 0.5:.2f}" if n % 4 == 0 else n % 97 + 0.5} for n in range(900)]
    put(store, every(1, 900), rows, model="shop")
    analyze(store, {"reference": "first 600 rows", "window": "300 rows"})
    found = lines(modeltap("doctor", "--store", store, "--json"))
    (note,) = [one for one in found if one["check"] == "types"]
    assert (note["level"], note["model"], note["subject"]) == ("note", "shop", "amount")
    assert note["reason"].startswith("25 % of the reference's values are numbers sent as texts")
    assert note["fix"] == 'to declare them, set [models.shop.features.amount] type = "numeric"'


def test_doctor_says_that_a_file_without_times_has_no_hours(tmp_path):
    store, file = tmp_path / "file.db", tmp_path / "train.csv"
    put(store, every(60, 9), [{"x": n} for n in range(9)], model="shop")
    file.write_text("x\n" + "".join(f"{n % 50}\n" for n in range(300)))
    modeltap("reference", "set", "--model", "shop", "--file", file, "--store", store)
    findings = lines(modeltap("doctor", "--store", store, "--json"))
    (line,) = [row["finding"] for row in findings if row["check"] == "references"]
    assert line.startswith("shop: 300 rows, without times, so hours and days are not distinguished")


def test_doctor_notes_likely_codes_for_missing_values(tmp_path):
    """Windows of the reference report the rate, too."""
    store = tmp_path / "codes.db"
    rows = [{"depth": -999 if n % 9 == 0 else 20 + n % 17} for n in range(900)]
    put(store, every(1, 900), rows, model="pumps")
    analyze(store, {"reference": "first 600 rows", "window": "300 rows"})
    shown = modeltap("doctor", "--store", store)
    assert "pumps: depth has -999 in many rows" in shown
    assert "[models.pumps.features.depth] missing_values = [-999]" in shown
    found = read(
        store,
        "select value, explanation, window_start from metrics where metric = 'sentinel_rate' "
        "order by window_start",
    )
    assert [row["value"] for row in found][-1] == pytest.approx(1 / 9, abs=0.01)
    assert all("declare it in missing_values" in row["explanation"] for row in found)


def test_doctor_lists_masked_features(tmp_path):
    """Masked in all rows. Numbers with a measure's name and exempt fields are not listed."""
    store = tmp_path / "masked.db"
    rows = [{"user": {"auth_method": "[masked]"}, "session_duration": n % 50} for n in range(300)]
    put(store, every(1, 300), rows, model="logins")
    analyze(store, {"reference": "first 200 rows", "window": "100 rows"})
    shown = modeltap("doctor", "--store", store)
    assert "logins: user.auth_method is not tested: masked in all rows" in shown
    assert "unmask_body_fields = ['^auth_method$']" in shown and "session_duration" not in shown


def test_doctor_lists_the_fields_of_responses_without_a_prediction(tmp_path):
    """With the setting to copy."""
    store = tmp_path / "prices.db"
    answer = json.dumps({"model_version": "2026-11", "grid": [[[313.8, "EUR"], [2]]]})
    rows = [{"rooms": n} for n in range(20)]
    put(store, every(1, 20), rows, model="houses", responses=[answer] * 20)
    modeltap("analyze", "--store", store)
    shown = modeltap("doctor", "--store", store, code=1)
    assert "responses of houses have model_version, grid" in shown
    assert '[models.houses.mapping] prediction = "grid"' in shown
    (tmp_path / "modeltap.toml").write_text(
        '[models.houses.mapping]\nprediction = "grid[0][0][0]"\n'
    )
    put(store, every(1, 20), rows, model="houses", prefix="later", responses=[answer] * 20)
    modeltap("analyze", "--store", store)
    exported = lines(modeltap("export", "--store", store, "--model", "houses"))
    assert {row["prediction"] for row in exported} == {313.8}


@pytest.mark.parametrize(
    "answer",
    [
        {"status": "ok"},
        {"code": 0, "message": "done", "id": "a-7"},
        {"error": "busy", "request_id": 3, "timestamp": 1},
    ],
)
def test_doctor_proposes_no_metadata_as_prediction(tmp_path, answer):
    """A status, a message or a numeric id is not a prediction."""
    store = tmp_path / "prices.db"
    rows = [{"rooms": n} for n in range(20)]
    put(store, every(1, 20), rows, responses=[json.dumps(answer)] * 20)
    modeltap("analyze", "--store", store)
    shown = modeltap("doctor", "--store", store, code=1)
    assert "no prediction found" in shown and "none of which looks like a prediction" in shown
    assert "prediction =" not in shown


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "10.1.2.3"])
def test_doctor_reports_webhooks_with_a_forbidden_address(tmp_path, host):
    """If the URL contains an IP address."""
    file = tmp_path / "modeltap.toml"
    file.write_text(f'webhooks = ["http://{host}:9/hook"]\n')
    store = tmp_path / "taps.db"
    connect(store).close()
    shown = modeltap("doctor", "--store", store, code=1)
    assert "is private; set allow_private = true" in shown
    file.write_text(f'[[webhooks]]\nurl = "http://{host}:9/hook"\nallow_private = true\n')
    assert "is private" not in modeltap("doctor", "--store", store)
    file.write_text(f'[[webhooks]]\nurl = "json://{host}:9/"\nformat = "apprise"\n')
    assert "is private" not in modeltap("doctor", "--store", store)


@pytest.mark.parametrize("url", ["http://hooks.example.org/x", "env:HOOK_URL"])
def test_doctor_reports_a_webhook_in_an_unknown_format(tmp_path, url):
    """Before the first alert would be lost."""
    (tmp_path / "modeltap.toml").write_text(f'[[webhooks]]\nurl = "{url}"\nformat = "slak"\n')
    store = tmp_path / "taps.db"
    connect(store).close()
    environment = {**os.environ, "HOOK_URL": "http://hooks.example.org/y"}
    shown = modeltap("doctor", "--store", store, code=1, env=environment, cwd=tmp_path)
    assert "format 'slak'; did you mean 'slack'?" in " ".join(shown.split())


@pytest.mark.parametrize(("hours", "words"), [(-5, "5 h behind UTC"), (9, "9 h ahead of UTC")])
def test_a_column_in_another_time_zone_suggests_it(tmp_path, hours, words):
    """A model with that time zone has no such note."""
    times = every(20, 72 * 10)
    rows = [{"hour": (time.hour + hours) % 24, "x": n % 7} for n, time in enumerate(times)]
    zone = {-5: "America/New_York", 9: "Asia/Tokyo"}[hours]
    for name in ("UTC", zone):
        store = tmp_path / f"{name.replace('/', '_')}.db"
        put(store, times, rows)
        environment = {
            **os.environ,
            "MODELTAP_TIMEZONE": name,
            "MODELTAP_REFERENCE": "first 500 rows",
        }
        modeltap("analyze", "--store", store, env=environment)
        found = lines(modeltap("doctor", "--store", store, "--json"))
        notes = [one["finding"] for one in found if one["check"] == "timezone"]
        assert len(notes) == (name == "UTC")
        assert all(words in note and zone in note and "hour" in note for note in notes)


@pytest.mark.parametrize(("machine", "notes"), [("UTC", 0), ("Asia/Tokyo", 1)])
def test_a_machine_in_another_time_zone_suggests_it(tmp_path, machine, notes):
    store = tmp_path / "m.db"
    put(store, every(20, 600), [{"x": n % 7} for n in range(600)])
    reference = {"MODELTAP_REFERENCE": "first 500 rows"}
    modeltap("analyze", "--store", store, env={**os.environ, **reference})
    shown = modeltap("doctor", "--store", store, env={"TZ": machine})
    assert shown.count("this machine is 9 h ahead of UTC") == notes


@pytest.mark.parametrize(
    ("finding", "to_do"),
    [
        (Finding("store", PROBLEM, "damaged", fix="restart"), "restart"),
        (Finding("store", PROBLEM, "open; run chmod 600 x", fix="run chmod 600 x"), None),
        (Finding("features", NOTE, "an id"), "nothing, if this is expected"),
        (Finding("store", OK, "fine"), None),
    ],
)
def test_what_to_do_is_said_once(finding, to_do):
    assert finding.to_do == to_do


def test_each_problem_says_what_to_do(tmp_path):
    """Settings, webhooks, losses, a failed analysis, and a missing store."""
    store = tmp_path / "bad.db"
    put(store, every(1, 3), [{"x": n} for n in range(3)])
    with closing(connect(store)) as connection:
        connection.execute(
            "insert into dropped (model, host, pid, reason, count, at) "
            "values ('m', 'h', 1, 'queue_full', 7, '2024-01-01T00:00:00.000Z')"
        )
    shown = modeltap("doctor", "--store", store, code=1)
    assert "BAD  capture: 7 exchanges dropped\n     to do: see the reasons" in shown
    assert "to do: name the file with --store" in modeltap(
        "doctor", "--store", tmp_path / "missing.db", code=1
    )
    (tmp_path / "modeltap.toml").write_text('widnow = "1h"\n')
    for at in (("--json",), ()):
        shown = modeltap("doctor", "--store", store, *at, code=1, cwd=tmp_path)
        assert "correct it in modeltap.toml" in shown


def test_findings_fit_a_terminal(tmp_path):
    store = tmp_path / "narrow.db"
    put(store, every(1, 3), [{"x": n} for n in range(3)])
    code, text = on_a_terminal("doctor", "--store", store, columns=40, NO_COLOR="1")
    assert code in (0, 1) and max(map(width, text.split("\r\n"))) <= 40
