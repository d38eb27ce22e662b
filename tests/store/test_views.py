"""The views of the store: what they answer, by which index, and that they hold no data."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from modeltap.store.connection import connect
from modeltap.store.views import common_views, definition, own_views, update_views

COMMON = sorted(common_views())


def query(store, sql):
    with closing(sqlite3.connect(store)) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute(sql).fetchall()


@pytest.fixture
def empty(store):
    connect(store).close()
    return store


@pytest.mark.parametrize("view", COMMON)
def test_a_new_store_has_each_view(view, empty):
    """It can be read at once, and its columns have names of their own."""
    with closing(sqlite3.connect(empty)) as connection:
        cursor = connection.execute(f"select * from {view}")
        names = [column[0].lower() for column in cursor.description]
        assert cursor.fetchall() == []
    assert len(set(names)) == len(names)
    assert not any(":" in name for name in names)


@pytest.mark.parametrize(
    "sql",
    [
        "select * from v_rows where model = 'm' and event_time >= '2024' and event_time < '2025'",
        "select * from v_rows where id = 'x'",
        "select * from v_exchanges where id = 'x'",
        "select * from v_exchanges where seq > 100",
        "select * from v_exchanges where trace_id = 'x'",
        "select * from v_labels where id = 'x'",
        "select * from v_drift where model = 'm' and window_end >= '2024'",
        "select * from v_quality where model = 'm' and metric = 'missing_rate'",
        "select * from v_performance where model = 'm' and metric = 'mae'",
        "select * from v_fairness where model = 'm'",
        "select * from v_traffic where model = 'm'",
        "select * from v_models where model = 'm'",
    ],
)
def test_a_usual_condition_uses_an_index(sql, empty):
    """No large table is read from end to end, also not by a subquery."""
    plan = [row["detail"] for row in query(empty, f"explain query plan {sql}")]
    few = ("SCAN v", "SCAN a")  # models, and alerts
    assert plan and not [step for step in plan if step.startswith("SCAN") and step not in few], plan


def test_the_newest_exchanges_come_without_sorting(empty):
    """As `seq` is the order of the table."""
    plan = query(empty, "explain query plan select * from v_exchanges order by seq desc limit 20")
    assert not [row for row in plan if "TEMP B-TREE" in row["detail"]]


@pytest.mark.parametrize(
    "rest",
    [
        "order by event_time desc limit 20",
        "order by event_time limit 20",
        "order by event_time desc, seq desc, row desc limit 20",
        "and version = '2' order by event_time desc limit 20",
        "and event_time >= '2024' order by event_time limit 20",
        "and event_time between '2024' and '2025' and status = 200 order by event_time desc",
    ],
)
def test_the_rows_of_a_model_come_by_event_time_without_sorting(rest, empty):
    """Of all its versions: of a million rows, only those shown are read."""
    sql = f"explain query plan select * from v_rows where model = 'm' {rest}"
    steps = [row["detail"] for row in query(empty, sql)]
    assert not [step for step in steps if step.startswith("SCAN")], steps
    assert not [s for s in steps if "TEMP B-TREE" in s], steps


def test_views_are_left_alone_if_nothing_differs(empty):
    """A change would make each connection read the schema again."""
    with closing(connect(empty)) as connection:
        before = connection.execute("pragma schema_version").fetchone()[0]
        assert not update_views(connection, common_views())
        assert connection.execute("pragma schema_version").fetchone()[0] == before


def test_another_definition_replaces_a_view(empty):
    """So that a view follows the code that knows it."""
    with closing(connect(empty)) as connection:
        views = common_views() | {"v_models": definition("v_models", "select 1 as one")}
        assert update_views(connection, views)
        assert connection.execute("select one from v_models").fetchone()[0] == 1
        assert update_views(connection, common_views())
        assert own_views(connection) == common_views()


def test_views_of_users_stay(empty):
    """Also one that has the name of a new view."""
    with closing(connect(empty)) as connection:
        connection.execute("create view v_mine as select 1 as one")
        connection.execute("drop view v_models")
        connection.execute("create view V_Models as select 2 as two")
        assert not update_views(connection, common_views())
        assert connection.execute("select one from v_mine").fetchone()[0] == 1
        assert connection.execute("select two from v_models").fetchone()[0] == 2


def add_exchange(connection, number, request, *, model="m", label=None):
    connection.execute(
        "insert into exchanges (id, model, source, started_at, status, duration_ms, request_body,"
        " response_body) values (?, ?, 'asgi', '2024-05-01T00:00:00.250Z', 200, 5, ?, '[1]')",
        (f"e{number}", model, request),
    )
    connection.execute(
        "insert into predictions (exchange_id, row, model, prediction, event_time, seq) "
        "values (?, 0, ?, 1.5, '2024-05-01T00:00:00.000Z', ?)",
        (f"e{number}", model, number),
    )
    if label is not None:
        connection.execute(
            "insert into labels (exchange_id, row, value, source, received_at) "
            "values (?, 0, ?, 'api', '2024-05-01T01:00:00.000Z')",
            (f"e{number}", label),
        )


@pytest.fixture
def recorded(empty):
    """A store with one model and four exchanges, whose bodies are not all JSON."""
    bodies = ['{"x": 1}', b"\x00\x01", "not JSON", None]
    with closing(connect(empty)) as connection:
        connection.execute("insert into models (model, version) values ('m', '')")
        for number, body in enumerate(bodies, start=1):
            add_exchange(connection, number, body, label=number if number < 3 else None)
    return empty


def test_rows_have_their_last_true_label(recorded):
    """Not that of a judge, and not one that was corrected."""
    with closing(connect(recorded)) as connection:
        connection.execute(
            "insert into labels (exchange_id, row, value, source, received_at) values "
            "('e1', 0, 7, 'api', '2024-05-01T02:00:00.000Z'), "
            "('e1', 0, 9, 'judge', '2024-05-01T03:00:00.000Z')"
        )
    labels = query(recorded, "select id, label, labelled_at from v_rows order by id")
    assert [tuple(row)[:2] for row in labels] == [("e1", 7), ("e2", 2), ("e3", None), ("e4", None)]
    assert labels[0]["labelled_at"] == "2024-05-01T02:00:00.000Z"
    stated = query(
        recorded, "select label, is_truth, is_current, delay_seconds from v_labels order by seq"
    )
    assert [tuple(row) for row in stated] == [
        (1, 1, 0, 3599.75),  # by the clock of the request, which began after the event
        (2, 1, 1, 3599.75),
        (7, 1, 1, 7199.75),
        (9, 0, 0, 10799.75),
    ]


def test_bodies_that_are_not_json_are_null(recorded):
    """A query that looks into bodies does not fail because of one of them."""
    found = query(recorded, "select id, json_extract(request, '$.x') as x from v_rows order by id")
    assert [row["x"] for row in found] == [1, None, None, None]
    assert query(recorded, "select sum(response ->> '$[0]') as n from v_exchanges")[0]["n"] == 4


def test_the_newest_rows_are_those_of_the_last_exchanges(recorded):
    """Of as many exchanges as fit into a page."""
    with closing(connect(recorded)) as connection:
        for number in range(5, 1105):
            add_exchange(connection, number, '{"x": 2}')
    found = query(recorded, "select min(seq), max(seq), count(*) from v_newest_rows")
    assert tuple(found[0]) == (105, 1104, 1000)


def test_times_are_texts_and_seconds(recorded):
    """To the millisecond."""
    row = query(recorded, "select started_at, started_epoch from v_exchanges")[0]
    assert tuple(row) == ("2024-05-01T00:00:00.250Z", 1714521600.25)


def test_candidates_are_no_rows(recorded):
    """Nor do they double the labels."""
    with closing(connect(recorded)) as connection:
        connection.execute(
            "insert into predictions (exchange_id, row, candidate, model, prediction, seq) "
            "values ('e1', 0, 'new', 'm', 2.5, 1)"
        )
    assert query(recorded, "select count(*) from v_rows")[0][0] == 4
    assert query(recorded, "select count(*) from v_labels")[0][0] == 2


def test_what_is_deleted_is_gone_from_the_views(recorded):
    """They hold no data."""
    with closing(connect(recorded)) as connection:
        connection.execute("delete from exchanges where id = 'e1'")
    assert [row["id"] for row in query(recorded, "select id from v_rows order by id")] == [
        "e2",
        "e3",
        "e4",
    ]


def test_groups_and_their_gaps_are_told_apart(empty):
    """Whatever signs the names have; metrics of the performance are in another view."""
    shown = {
        ("selection_rate", "sex=Female"): (0.2, None),
        ("selection_rate", "sex=Male"): (0.5, None),
        ("demographic_parity_difference", "sex"): (0.3, "alert"),
        ("demographic_parity_ratio", "a=b,c"): (0.9, "ok"),
        ("accuracy", "sex=Female"): (0.9, None),
        ("mae", None): (3.0, "ok"),
    }
    with closing(connect(empty)) as connection:
        connection.executemany(
            "insert into metrics (model, version, window, window_start, window_end, rows, metric, "
            "segment, value, verdict, computed_at) values ('m', '2@prod', '1d', "
            "'2024-05-01T00:00:00.000Z', '2024-05-02T00:00:00.000Z', 800, ?, ?, ?, ?, '')",
            [(*about, *result) for about, result in shown.items()],
        )
    rows = query(empty, "select * from v_fairness")
    assert {(row["metric"], row["segment"], row["is_gap"], row["verdict"]) for row in rows} == {
        ("selection_rate", "sex=Female", 0, None),
        ("selection_rate", "sex=Male", 0, None),
        ("demographic_parity_difference", "sex", 1, "alert"),
        ("demographic_parity_ratio", "a=b,c", 1, "ok"),
    }
    assert {(row["version"], row["environment"], row["window_start_epoch"]) for row in rows} == {
        ("2@prod", "prod", 1714521600.0)
    }
