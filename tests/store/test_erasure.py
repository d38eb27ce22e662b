"""Erasure covers every column that may contain a person's value, for one model only."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from modeltap.store import erasure
from modeltap.store.connection import connect, writing
from modeltap.store.erasure import EXAMPLES, MESSAGES, SENTENCES, TEXTS, StoredText

DELETED = "deleted with its exchange"
NEUTRAL = "a time, a count, a state, or a name chosen by a developer or by this code"
STATISTIC = "a statistic of many rows"
LEARNED = "values are taken out of it"
HASHES = "hashes of entire rows, or bin numbers; documented"
SETTING = "values in options belong to the app; the command reports them"
NAME = "a field name; the command reports it if it is a value"
ORPHAN = "deleted where its exchange never came and it names the value"

DECISIONS = {
    "exchanges": {
        DELETED: "request_body response_body",
        NEUTRAL: "id model version environment source method request_encoding response_encoding "
        "started_at event_time request_note response_note host",
    },
    "predictions": {
        DELETED: "exchange_id prediction probabilities",
        NEUTRAL: "candidate model version event_time",
    },
    "candidate_requests": {
        DELETED: "exchange_id",
        NEUTRAL: "candidate model source sent_at",
    },
    "labels": {
        ORPHAN: "exchange_id key value",
        NEUTRAL: "feature source model labelled_at received_at",
    },
    "row_keys": {DELETED: "value exchange_id", NEUTRAL: "model feature"},
    "key_features": {NEUTRAL: "model feature"},
    "unmatched": {
        DELETED: "body",
        NEUTRAL: "id side model version environment source method started_at event_time note host "
        "received_at",
    },
    "token_counts": {DELETED: "exchange_id name"},
    "judge_answers": {
        DELETED: "exchange_id choice",
        NEUTRAL: "model judge listed outcome at",
    },
    "judge_spending": {NEUTRAL: "model day"},
    "review_claims": {DELETED: "exchange_id", NEUTRAL: "claim model reason until"},
    "reviews": {DELETED: "exchange_id", NEUTRAL: "model reason state reviewed_at"},
    "retrainings": {
        NAME: "left_out",
        NEUTRAL: "id model reason alert_id way state started_at finished_at since until data "
        "artefact verdict host environment",
    },
    "sendings": {NEUTRAL: "system succeeded_at failed_at error retry_at"},
    "versions": {NEUTRAL: "model environment version first_at last_at"},
    "noted_versions": {NEUTRAL: "model environment since version noted_at"},
    "shadow_counts": {NEUTRAL: "model environment candidate hour outcome"},
    "label_days": {NEUTRAL: "model environment day last_at"},
    "request_days": {NEUTRAL: "model environment day first_at last_at"},
    "references": {
        LEARNED: "payload",
        NEUTRAL: "id model version source from_time to_time created_at state",
    },
    "reference_rows": {
        DELETED: "exchange_id event_time coded",
        NEUTRAL: "reference_id",
    },
    "reference_blocks": {NEUTRAL: "reference_id block_start block_end", STATISTIC: "counts"},
    "windows": {
        LEARNED: "extremes fields",
        STATISTIC: "counts",
        HASHES: "repeats",
        NEUTRAL: "model version reference_id window window_start window_end first_event last_event "
        "evaluated_start evaluated_end",
    },
    "traffic": {
        NEUTRAL: "model version window_start window_end window errors_from latency_from",
        STATISTIC: "latency",
    },
    "metrics": {
        NAME: "feature segment related",
        NEUTRAL: "model version window window_start window_end metric verdict reference_id "
        "computed_at",
    },
    "alerts": {
        NAME: "feature segment related",
        NEUTRAL: "id fingerprint rule rule_name model version metric severity state window "
        "window_start window_end last_window_start started_at resolved_at silenced_until "
        "acknowledged_at notified_at updated_at",
    },
    "alert_history": {NEUTRAL: "alert_id state window_start at"},
    "silences": {NEUTRAL: "id model rule feature fingerprint until created_at"},
    "deliveries": {
        NEUTRAL: "id webhook event_type alert_ids state next_at lease_until created_at delivered_at"
    },
    "delivery_attempts": {NEUTRAL: "delivery_id outcome at"},
    "runs": {NEUTRAL: "job window done_at host"},
    "child_runs": {NEUTRAL: "job started_at finished_at host"},
    "job_times": {NEUTRAL: "job started_at finished_at"},
    "leases": {NEUTRAL: "name owner boot_id expires_at"},
    "watermarks": {NEUTRAL: "name"},
    "shortfalls": {NEUTRAL: "model environment hour part reason"},
    "models": {NEUTRAL: "model version learn_from"},
    "event_days": {NEUTRAL: "model day"},
    "counted_hours": {NEUTRAL: "model environment hour"},
    "rejected_times": {
        DELETED: "exchange_id event_time",
        NEUTRAL: "model version hour reason",
    },
    "due_windows": {NEUTRAL: "model version window window_start due_at"},
    "labelled_windows": {NEUTRAL: "model version window window_start evaluated_from"},
    "dropped": {NEUTRAL: "model environment host reason at"},
    "settings": {SETTING: "value", NEUTRAL: "model key updated_at"},
}
"""By table what happens to its columns of text, bytes or any type; erasure.py has the others."""


def searched():
    columns = [*TEXTS, *SENTENCES, *MESSAGES, *EXAMPLES]
    return {(column.table, column.name) for column in columns}


def test_each_column_has_a_decision(store):
    """A new table or column that may contain text or bytes must be added here."""
    with closing(connect(store)) as connection:
        tables = [
            row[0]
            for row in connection.execute(
                "select name from sqlite_master where type = 'table' and name not like '%sqlite%'"
            )
        ]
        open_ = {
            (table, row["name"])
            for table in tables
            for row in connection.execute(f'pragma table_info("{table}")')
            if row["type"].lower() not in ("integer", "real")
        }
    decided = [
        (table, column)
        for table, decisions in DECISIONS.items()
        for columns in decisions.values()
        for column in columns.split()
    ]
    assert len(decided) == len(set(decided))
    assert not set(decided) & searched()
    assert open_ == set(decided) | searched()


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


def test_texts_about_other_models_are_not_read(store):
    with closing(connect(store)) as connection:
        with writing(connection):
            for model in ("m", "n"):
                connection.execute(ALERT, (f"of {model}", model, model, f"about {model}"))
                connection.execute(METRIC, (model, f"about {model}"))
                connection.execute(MESSAGE, (model, json.dumps([f"of {model}"]), f"about {model}"))
            connection.execute(METRIC.replace("'drift'", "'mae'"), ("m", None))
            connection.execute(MESSAGE, ("digest", "[]", "a week"))
        for column in (*SENTENCES, MESSAGES[0]):
            texts = {stored.text for stored in erasure.texts_in(connection, column, "m")}
            assert texts - {"a week"} == {"about m"}
            assert ("a week" in texts) == (column == MESSAGES[0])


@pytest.mark.parametrize("column", [*TEXTS, *SENTENCES, *MESSAGES, *EXAMPLES])
def test_each_column_can_be_read_and_written(store, column):
    """The statements match the schema."""
    with closing(connect(store)) as connection, writing(connection):
        assert list(erasure.texts_in(connection, column, "m")) == []
        erasure.put_text(connection, column, StoredText(1, ""), "[erased]")


def test_a_file_is_rewritten_unless_others_use_it(store):
    with closing(connect(store)) as connection, closing(connect(store)) as other:
        assert erasure.rewrite(connection)
        connection.execute("pragma busy_timeout = 1")
        other.execute("begin immediate")
        assert not erasure.rewrite(connection)
