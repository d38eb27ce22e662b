"""Capture loss: one alert that is resolved after two hours without losses."""

from __future__ import annotations

import time
from contextlib import closing

from modeltap import clock
from modeltap.alerts import lifecycle
from modeltap.analysis.verdicts import capture_loss, results
from modeltap.store.connection import connect, writing
from modeltap.store.dropped import record_dropped
from modeltap.store.pending_work import pending_work


def test_losses_are_one_alert_until_two_hours_without_any(store):
    """Later losses update it; reasons are listed, the most frequent first."""
    connection = connect(store)
    transitions = []

    def evaluate(now):
        windows = capture_loss.results(connection, now)
        for result in windows:
            with writing(connection):
                rows = results.write(connection, result)
                transitions.extend(lifecycle.update(connection, rows, recovery_windows=2))
        return len(windows)

    def lose(**reasons):
        with writing(connection):
            record_dropped(connection, "m", "host", 1, reasons)

    now = time.time()
    assert evaluate(now) == 0 and not pending_work(connection, now).dropped
    lose(full=3, died=1200)
    assert pending_work(connection, now).dropped and evaluate(now) == 1 and evaluate(now) == 0
    lose(full=4)
    evaluate(now)
    (alert,) = connection.execute("select * from alerts").fetchall()
    assert alert["summary"] == "m: 1,207 exchanges were not recorded: 1,200 (died), 7 (full)"
    assert alert["severity"] == "warning" and not pending_work(connection, now + 3600).dropped
    assert pending_work(connection, now + 4 * 3600).dropped and evaluate(now + 4 * 3600) == 2
    assert [transition.event for transition in transitions] == ["alert.firing", "alert.resolved"]
    connection.close()


def test_each_environment_has_its_own_incident(store):
    """Two hours without losses resolve the alert of staging while production still has losses."""
    with closing(connect(store)) as connection:

        def evaluate(now):
            for result in capture_loss.results(connection, now):
                with writing(connection):
                    lifecycle.update(connection, results.write(connection, result))
            windows = connection.execute("select environment, state from alerts order by 1")
            return list(map(tuple, windows))

        with writing(connection):
            for environment in ("production", "staging"):
                record_dropped(connection, "m", "host", 1, {"full": 3}, environment=environment)
            # The losses of staging were three hours ago.
            long_ago = clock.iso(time.time() - 3 * 3600)
            connection.execute(
                "update dropped set at = ? where environment = 'staging'", (long_ago,)
            )
        assert evaluate(time.time()) == [("production", "firing"), ("staging", "firing")]
        assert evaluate(time.time()) == [("production", "firing"), ("staging", "resolved")]
