"""Pushes to a real receiver of OTLP: what it gets, and what happens when it does not take it."""

from __future__ import annotations

import socket
import time
from contextlib import closing

import pytest

from bridge_facts import TRACE, facts, metric_row
from modeltap.bridges.otel_push import push
from modeltap.config.sending.otel_settings import parse_otel
from modeltap.store.connection import connect
from modeltap.store.unsent_facts import sending_state
from modeltap.summaries.exported_metrics import MOST_FEATURES
from otlp_receiver import receiving

__all__ = ["facts"]


@pytest.fixture
def receiver():
    with receiving() as running:
        yield running


@pytest.fixture
def send(facts, receiver):
    """Return a function that pushes with options, and at a time."""

    def pushed(*, endpoint=None, now=None, **options):
        settings = parse_otel({"endpoint": endpoint or receiver.url, **options}).resolved()
        with closing(connect(facts.path)) as connection:
            return push(connection, settings, time.time() if now is None else now)

    return pushed


def test_current_values_have_names_units_and_labels(facts, receiver, send):
    facts.evaluate(metric_row("mae", 1.5), metric_row("latency_p95_ms", 250.0))
    facts.evaluate(metric_row("drift", 0.4, feature="color", version="2@staging"))
    report = send(now=1e9)
    assert report.error is None and report.values == len(receiver.points)
    assert receiver.values("modeltap.mae") == [
        (1.5, {"model": "m", "version": "", "environment": ""}, 1e9)
    ]
    units = {metric.name: (metric.unit, kind) for metric, kind, _, _ in receiver.points}
    assert units["modeltap.latency_p95"] == ("s", "gauge")
    assert units["modeltap.captured"] == ("{exchange}", "sum")
    assert receiver.values("modeltap.latency_p95")[0][0] == 0.25
    assert receiver.values("modeltap.captured")[0][0] == 3.0
    assert receiver.resources[0]["service.name"] == "modeltap"


def test_the_windows_since_the_last_push_are_sent_once_with_their_times(facts, receiver, send):
    """Those before the first push are not; nothing is sent twice."""
    facts.evaluate(metric_row("mae", 1.0, 0))
    assert send().past_values == 0
    facts.evaluate(metric_row("mae", 2.0, 1), metric_row("mae", 3.0, 2), metric_row("mae", None, 3))
    receiver.points.clear()
    assert send(now=1e9).past_values == 2
    of_windows = sorted(value[::2] for value in receiver.values("modeltap.mae"))
    assert of_windows == [(2.0, 1767232800.0), (3.0, 1e9), (3.0, 1767236400.0)]
    assert send().past_values == 0


def test_a_window_that_is_evaluated_again_is_sent_again(facts, receiver, send):
    """Also if it was the last row: ids are never given twice."""
    facts.evaluate(metric_row("mae", 1.0))
    send()
    with closing(connect(facts.path)) as connection:
        connection.execute("delete from metrics")
        connection.commit()
    facts.evaluate(metric_row("mae", 2.0))
    assert send().past_values == 1


def test_an_outage_delays_values_and_loses_none(facts, receiver, send):
    send()
    receiver.answers["/v1/metrics"] = 500
    for hour in range(3):
        facts.evaluate(metric_row("mae", float(hour), hour))
        report = send()
        assert report.error == "status 500" and report.waiting == hour + 1
    receiver.answers.clear()
    report = send()
    assert report.error is None and report.past_values == 3 and report.waiting == 0


def test_alerts_are_log_records_that_link_to_traces(facts, receiver, send):
    """Values of payloads are left out, also of the text."""
    send()
    facts.fire()
    facts.fire(state="resolved")
    assert send().alerts == 2
    (fired, about), (resolved, _) = receiver.records
    assert fired.trace_id.hex() == TRACE and fired.severity_text == "ERROR"
    assert fired.body.string_value == "firing: m: [value] is new"
    assert about["modeltap.alert.feature"] == "color" and about["modeltap.alert.value"] == 0.4
    assert about["event.name"] == "modeltap.alert.firing"
    assert resolved.severity_text == "INFO"
    assert send().alerts == 0


def test_firing_alerts_have_the_traces_of_their_examples_as_exemplars(facts, receiver, send):
    facts.fire()
    send()
    ((point, labels),) = [
        (point, labels)
        for metric, _, labels, point in receiver.points
        if metric.name == "modeltap.alerts_firing"
    ]
    assert labels["severity"] == "critical" and point.as_double == 1.0
    assert [exemplar.trace_id.hex() for exemplar in point.exemplars] == [TRACE]


def test_a_trace_id_of_another_tool_links_to_nothing_and_fails_nothing(facts, receiver, send):
    send()
    with closing(connect(facts.path)) as connection:
        connection.execute("update exchanges set trace_id = '284529038910284552734788173'")
        connection.commit()
    facts.fire()
    assert send().alerts == 1 and receiver.records[0][0].trace_id == b""


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (401, "add them to [otel] headers"),
        (403, "check [otel] headers"),
        (404, "no OTLP receiver at this address"),
        (500, "status 500"),
        ((302, {"location": "http://127.0.0.1:1/"}), "the receiver redirects"),
        (400, "status 400"),
        ("silence", "timeout"),
    ],
)
def test_a_receiver_that_does_not_accept_is_a_line_with_the_reason(send, receiver, answer, words):
    receiver.answers["/v1/metrics"] = answer
    report = send(timeout_seconds=0.5 if answer == "silence" else 10)
    assert words in report.error and "\n" not in report.error
    assert len(receiver.requests) <= 1


def test_a_receiver_that_is_down_is_a_line_and_kept_in_the_store(facts, send):
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        report = send(endpoint=f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert report.error == "connection refused"
    with closing(connect(facts.path)) as connection:
        state = sending_state(connection, "otel")
    assert state.error == "connection refused" and state.failed_at and state.succeeded_at is None


def test_addresses_of_metadata_services_are_refused(send):
    assert "never allowed" in send(endpoint="http://169.254.169.254").error


def test_a_receiver_gets_the_pause_that_it_asks_for(send, receiver):
    receiver.answers["/v1/metrics"] = (429, {"retry-after": "120"})
    assert "overloaded" in send(now=1e9).error
    receiver.answers.clear()
    assert "the next try is at" in send(now=1e9 + 60).error
    assert len(receiver.requests) == 1
    assert send(now=1e9 + 121).error is None


def test_rejected_values_are_counted_and_not_sent_again(facts, send, receiver):
    """By an answer in part, or because the whole message is refused."""
    send()
    facts.evaluate(metric_row("mae", 1.0))
    receiver.rejected = 1
    report = send()
    assert report.rejected >= 1 and report.rejected_because == "out of order\\x1b[2J"
    with closing(connect(facts.path)) as connection:
        assert sending_state(connection, "otel").rejected == report.rejected
    receiver.rejected = 0
    assert send().past_values == 0


def test_past_windows_may_be_left_out(facts, send, receiver):
    send()
    facts.evaluate(metric_row("mae", 1.0))
    assert send(past_windows=False).past_values == 0
    assert send().past_values == 0


def test_a_receiver_without_logs_gets_the_metrics(facts, send, receiver):
    send()
    facts.fire()
    receiver.answers["/v1/logs"] = 404
    report = send()
    assert report.takes_no_logs and report.error is None and report.values
    assert not send(alerts=False).takes_no_logs


def test_an_answer_that_is_not_otlp_is_accepted_and_bounded(send, receiver):
    receiver.answers["/v1/metrics"] = "bytes"
    assert send().error is None


def test_headers_come_from_variables(send, receiver, monkeypatch):
    monkeypatch.setenv("OTLP_TOKEN", "s3cret\n")
    send(headers={"x-api-key": "env:OTLP_TOKEN", "tenant": "a"})
    headers = receiver.requests[0][1]
    assert headers["x-api-key"] == "s3cret" and headers["tenant"] == "a"
    assert headers["content-type"] == "application/x-protobuf"


@pytest.mark.parametrize("name", ['a"b', "two\nlines", "\x1b[2J", "x" * 5000, "🛫", "\ud800"])
def test_any_name_can_be_sent(facts, receiver, send, name):
    stored = name.encode("utf-8", "replace").decode()
    send()
    facts.evaluate(metric_row("drift", 0.4, feature=stored))
    facts.fire(feature=stored, summary=f"m: {stored}")
    assert send().error is None
    (_, labels, _) = receiver.values("modeltap.drift")[0]
    assert labels["feature"].isprintable() and len(labels["feature"]) <= 200


def test_2000_features_are_sent_in_bounded_messages(facts, receiver, send):
    send()
    rows = [metric_row("drift", 0.1, hour, feature=f"f{n}") for hour in (0, 1) for n in range(2000)]
    facts.evaluate(*rows)
    receiver.requests.clear()
    assert send().past_values == 2 * MOST_FEATURES
    sizes = [int(headers["content-length"]) for _, headers in receiver.requests]
    assert max(sizes) < 1_000_000
    features = {labels["feature"] for _, labels, _ in receiver.values("modeltap.drift")}
    assert len(features) == MOST_FEATURES
    assert [value for value, *_ in receiver.values("modeltap.series_left_out")] == [1500.0]
