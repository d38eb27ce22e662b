"""Failed exchanges: the newest first, and no more than asked for."""

from __future__ import annotations

from contextlib import closing

from modeltap.store.connection import connect
from modeltap.store.failed_exchanges import newest_failures
from stores import every, put


def test_errors_and_exceptions_are_failures(store):
    put(store, every(1, 6), [{"x": n} for n in range(6)])
    put(store, every(1, 2), [{"x": n} for n in range(2)], model="other", prefix="o")
    with closing(connect(store)) as connection:
        connection.execute("update exchanges set status = 422 where id in ('r0', 'r4', 'o1')")
        raised = "update exchanges set error_type = 'KeyError', status = null where id = 'r2'"
        connection.execute(raised)
        connection.execute("update exchanges set status = 302 where id = 'r3'")
        failures = newest_failures(connection, "m", 10, 100)
        assert [failure.id for failure in failures] == ["r4", "r2", "r0"]
        assert [failure.id for failure in newest_failures(connection, "m", 2, 100)] == ["r4", "r2"]
        # Of the last five exchanges of all models, two are the other's.
        assert [failure.id for failure in newest_failures(connection, "m", 10, 5)] == ["r4"]
