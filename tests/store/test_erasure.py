"""A value is replaced in the texts about one model, and in no other's."""

from __future__ import annotations

import json
from contextlib import closing

from modeltap.store import erasure
from modeltap.store.connection import connect, writing

ALERT = (
    'insert into alerts (id, fingerprint, rule, model, metric, severity, state, "window", '
    "window_start, window_end, last_window_start, summary, started_at, updated_at) "
    "values (?, ?, 'r', ?, 'drift', 'warning', 'firing', '1d', 's', 'e', 's', ?, 's', '')"
)
METRIC = (
    'insert into metrics (model, "window", window_start, window_end, rows, metric, explanation, '
    "computed_at) values (?, '1d', 's', 'e', 1, 'drift', ?, '')"
)
MESSAGE = (
    "insert into deliveries (id, webhook, event_type, alert_ids, body, created_at) "
    "values (?, 'hook', 'alert.firing', ?, ?, '')"
)


def test_texts_about_other_models_keep_the_value(store):
    def texts(table, column):
        rows = connection.execute(f"select {column} from {table} order by rowid")
        return [row[0] for row in rows]

    with closing(connect(store)) as connection:
        with writing(connection):
            for model in ("m", "n"):
                connection.execute(ALERT, (f"of {model}", model, model, "Ada, 50% of Ada"))
                connection.execute(METRIC, (model, "Ada came"))
                connection.execute(MESSAGE, (model, json.dumps([f"of {model}"]), "about Ada"))
            connection.execute(METRIC.replace("'drift'", "'mae'"), ("m", None))
            connection.execute(MESSAGE, ("digest", "[]", "a week of Ada"))
        with writing(connection):
            erasure.replace_in_summaries(connection, "m", "Ada", "[erased]")
            erasure.replace_in_explanations(connection, "m", "Ada", "[erased]")
            erasure.replace_in_messages(connection, "m", "Ada", "[erased]")
        assert texts("alerts", "summary") == ["[erased], 50% of [erased]", "Ada, 50% of Ada"]
        assert texts("metrics", "explanation") == ["[erased] came", "Ada came", None]
        bodies = ["about [erased]", "about Ada", "a week of [erased]"]
        assert texts("deliveries", "body") == bodies


def test_a_value_is_no_pattern(store):
    with closing(connect(store)) as connection:
        with writing(connection):
            connection.execute(METRIC, ("m", "100 a_b"))
            erasure.replace_in_explanations(connection, "m", "%", "x")
            erasure.replace_in_explanations(connection, "m", "_b", "x")
        found = connection.execute("select explanation from metrics").fetchone()[0]
        assert found == "100 ax"
