"""Retention: the oldest exchanges are deleted by age or size, counts stay, and the file shrinks."""

from __future__ import annotations

from modeltap import clock
from modeltap.config.validation import Retention
from modeltap.store.connection import connect, writing
from modeltap.store.exchanges import ExchangeRow, insert_exchanges
from modeltap.store.labels import insert_labels
from modeltap.store.retention import prune, size

NOW = 1_700_000_000.0
DAY = 86_400.0


def fill(connection, count, *, age_days=0.0, model="m", source="asgi", body="x" * 1000):
    first = connection.execute("select ifnull(max(seq), 0) from exchanges").fetchone()[0]
    with writing(connection):
        insert_exchanges(
            connection,
            [
                ExchangeRow(
                    id=f"{first + n:032x}",
                    model=model,
                    source=source,
                    started_at=clock.iso(NOW - age_days * DAY + n / 1000),
                    request_body=body,
                )
                for n in range(count)
            ],
        )
        connection.execute(
            "insert or replace into predictions (exchange_id, row, model, seq) "
            "select id, 0, model, seq from exchanges"
        )
    return connection.execute("select max(seq) from exchanges").fetchone()[0]


def test_old_exchanges_are_deleted_with_predictions_and_labels(store):
    """In several transactions, and never newer exchanges."""
    connection = connect(store)
    fill(connection, 700, age_days=10)
    seen = fill(connection, 30, age_days=1)
    with writing(connection):
        insert_labels(connection, [(f"{0:032x}", 0, 1.0), (f"{705:032x}", 0, 1.0)], source="t")
    assert prune(connection, Retention(7 * DAY), seen, NOW) == 700
    assert [r[0] for r in connection.execute("select min(seq) from exchanges")] == [701]
    assert connection.execute("select count(*) from predictions").fetchone()[0] == 30
    assert connection.execute("select count(*) from labels").fetchone()[0] == 1
    assert prune(connection, Retention(7 * DAY), seen, NOW) == 0
    assert prune(connection, Retention(7 * DAY), seen, NOW + 7 * DAY) == 30


def test_uncounted_and_imported_exchanges_stay(store):
    """A late analysis needs its rows, and imported times are historical."""
    connection = connect(store)
    seen = fill(connection, 5, age_days=500, source="import")
    fill(connection, 5, age_days=500)
    assert prune(connection, Retention(DAY), seen, NOW) == 0
    assert prune(connection, Retention(DAY), seen + 5, NOW) == 5
    assert {r[0] for r in connection.execute("select source from exchanges")} == {"import"}


def test_unmatched_sides_age_from_their_arrival(store):
    """Regardless of their own times, and even if no analysis stores them alone."""
    connection = connect(store)
    for age in (10, 1):
        connection.execute(
            "insert into unmatched (id, side, model, source, started_at, received_at) "
            "values (?, 'request', 'm', 'kserve', '2015-01-01', ?)",
            (f"{age} days", clock.iso(NOW - age * DAY)),
        )
    assert prune(connection, Retention(7 * DAY), 0, NOW) == 1
    assert [row[0] for row in connection.execute("select id from unmatched")] == ["1 days"]
    assert prune(connection, Retention(None, 10**9), 0, NOW + 700 * DAY) == 0


def test_a_store_over_its_size_limit_loses_the_oldest_and_shrinks(store):
    """The file shrinks, not only its number of used pages."""
    connection = connect(store)
    seen = fill(connection, 4000)
    connection.execute("pragma wal_checkpoint(truncate)")
    before, bound = store.stat().st_size, 2_000_000
    assert size(connection) > bound
    deleted = prune(connection, Retention(None, bound), seen, NOW)
    assert 0 < deleted < 4000 and size(connection) <= bound
    connection.execute("pragma wal_checkpoint(truncate)")
    assert store.stat().st_size < before * 0.6
    oldest = connection.execute("select min(seq) from exchanges").fetchone()[0]
    assert oldest == deleted + 1
    assert connection.execute("pragma integrity_check").fetchone()[0] == "ok"


def test_labels_of_unknown_exchanges_are_deleted_at_the_same_age(store, caplog):
    """Not those of any other id of a stored exchange, and not newer ones of the same id."""
    connection = connect(store)
    seen = fill(connection, 2, age_days=1)
    with writing(connection):
        connection.execute("update exchanges set request_id = 'known' where seq = 1")
        own, old = f"{0:032x}", [("known", None, 9), ("nobody", None, 9), ("", "order_id", 9)]
        for id_, feature, age in ((own, None, 9), *old, ("", "order_id", 2), ("nobody", None, 1)):
            connection.execute(
                "insert into labels (exchange_id, feature, value, received_at) values (?, ?, 1, ?)",
                (id_, feature, clock.iso(NOW - age * DAY)),
            )
    assert prune(connection, Retention(7 * DAY), seen, NOW) == 0
    left = connection.execute("select seq from labels order by seq").fetchall()
    assert [row[0] for row in left] == [1, 2, 5, 6]
    assert "2 labels deleted" in caplog.text
    prune(connection, Retention(7 * DAY), seen, NOW + 7 * DAY)
    assert connection.execute("select count(*) from labels").fetchone()[0] == 0
