"""The last windows, and what else other tools read of the store itself."""

from __future__ import annotations

import json
from contextlib import closing

from modeltap.store.connection import connect, writing
from modeltap.store.job_times import begin_pass, end_pass
from modeltap.store.last_windows import (
    captured_total,
    last_analysis_end,
    message_counts,
    traces_of_examples,
)
from stores import every, put

TRACE = "0af7651916cd43dd8448eb211c80319c"


def test_the_captured_exchanges_are_counted_after_their_deletion(tmp_path):
    put(tmp_path / "taps.db", every(1, 5), [{"x": 1}] * 5)
    with closing(connect(tmp_path / "taps.db")) as connection:
        with writing(connection):
            connection.execute("delete from exchanges")
        assert captured_total(connection) == 5
        assert last_analysis_end(connection) is None
        with writing(connection):
            begin_pass(connection)
        assert last_analysis_end(connection) is None
        with writing(connection):
            end_pass(connection)
        assert last_analysis_end(connection).startswith("20")
        assert message_counts(connection) == {}


def test_the_traces_of_an_alerts_examples(tmp_path):
    """Examples without a trace, and deleted ones, are left out."""
    put(tmp_path / "taps.db", every(1, 3), [{"x": 1}] * 3)
    with closing(connect(tmp_path / "taps.db")) as connection, writing(connection):
        connection.execute("update exchanges set trace_id = ? where id = 'r0'", (TRACE,))
        for id_, examples in (("a1", ["r0", "r1", "gone"]), ("a2", ["r2"]), ("a3", None)):
            connection.execute(
                "insert into alerts (id, fingerprint, rule, model, metric, severity, state, "
                "window, window_start, window_end, last_window_start, summary, examples, "
                "started_at, updated_at) values (?, ?, 'data_drift', 'm', 'drift', 'warning', "
                "'firing', '1h', '', '', '', '', ?, '', '')",
                (id_, id_, examples and json.dumps(examples)),
            )
        assert traces_of_examples(connection, ["a1", "a2", "a3"], 5) == {"a1": [TRACE]}
