"""No page is large, whatever the store has: 500 kB before compression."""

from __future__ import annotations

import math
from contextlib import closing

import pytest

from modeltap import clock
from modeltap.store.connection import connect, writing
from modeltap.store.models import record_model
from stores import put_metric

FEATURES, WINDOWS, ALERTS = 60, 130, 1_000
MEASURED = ("accuracy", "f1_macro", "roc_auc", "log_loss")
OTHERS = ("latency_p95_ms", "error_rate", "throughput_rps", "label_coverage", "label_arrival_1d")
LARGEST = 500_000
EXPLANATION = "the distribution moved in the last windows, " * 8


@pytest.fixture(scope="module")
def heavy(tmp_path_factory):
    """A store in which everything alerts: in 60 features with long names, and all metrics."""
    store = tmp_path_factory.mktemp("heavy") / "taps.db"
    with closing(connect(store)) as connection, writing(connection):
        record_model(connection, "m", "")
        for feature in range(FEATURES):
            for hour in range(WINDOWS):
                put_metric(
                    connection,
                    hour,
                    "drift",
                    feature=f"a_feature_with_a_long_name_{feature}",
                    strength=(feature * 7 + hour * 3) % 50 / 10,
                    verdict="ok" if (feature + hour) % 3 else "alert",
                    explanation=EXPLANATION,
                )
        for hour in range(WINDOWS):
            own = {"low": 0.2, "high": 0.9, "threshold": 0.5, "verdict": "alert"}
            own["value"] = 0.5 + 0.3 * math.sin(hour)
            for metric in (*MEASURED, *(f"estimated_{name}" for name in MEASURED), *OTHERS):
                put_metric(connection, hour, metric, **own)
            put_metric(connection, hour, "accuracy_difference", segment="sex", **own)
        for group in range(100):
            put_metric(connection, WINDOWS - 1, "accuracy", segment=f"sex={group}", **own)
        for n in range(ALERTS):
            start = clock.iso(clock.parse("2024-01-01") + n * WINDOWS // ALERTS * clock.HOUR)
            values = {
                "id": f"alert_{n:032}",
                "fingerprint": n,
                "feature": f"a_feature_with_a_long_name_{n % FEATURES}",
                "start": start,
                "summary": EXPLANATION,
            }
            connection.execute(
                "insert into alerts (id, fingerprint, rule, model, metric, feature, severity, "
                'state, "window", window_start, window_end, last_window_start, summary, '
                "started_at, updated_at) values (:id, :fingerprint, 'data_drift', 'm', 'drift', "
                ":feature, 'warning', 'firing', '1h', :start, :start, :start, :summary, :start, "
                ":start)",
                values,
            )
        connection.execute(
            "insert into exchanges (id, model, source, method, path, started_at, status, "
            "sample_rate, request_type, request_body, response_body) values ('large', 'm', 'asgi', "
            "'POST', '/predict', ?, 200, 1, 'application/json', ?, ?)",
            (start, "é" * 2**19, "<" * 2**20),
        )
    return store


@pytest.mark.parametrize(
    "page",
    [
        "/",
        "/models/m",
        "/models/m?feature=a_feature_with_a_long_name_7",
        "/alerts",
        f"/alerts/alert_{7:032}",
        "/exchanges",
        "/exchanges/large",
        "/review",
        "/health",
    ],
)
def test_a_page_is_small(browse, heavy, page):
    answer = browse(heavy).get(page)
    assert answer.status_code == 200 and len(answer.content) <= LARGEST
