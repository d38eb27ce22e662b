"""Other exchanges of a session."""

from __future__ import annotations

from contextlib import closing

import pytest

from modeltap.store.connection import connect
from modeltap.summaries.exchanges.session_exchanges import session_of
from stores import every, put


@pytest.fixture
def filled(tmp_path):
    store = tmp_path / "taps.db"
    rows = [{"x": n, "conversation_id": f"c{n % 3}"} for n in range(9)]
    put(store, every(1, 9), rows)
    with closing(connect(store)) as connection:
        yield connection


def found(connection, id_):
    row = connection.execute("select * from exchanges where id = ?", (id_,)).fetchone()
    session = session_of(connection, dict(row))
    return None if session is None else (session.key, [own["id"] for own in session.exchanges])


def test_a_field_of_the_body(filled):
    """A value that only contains the id is another session."""
    filled.execute(
        "update exchanges set request_body = '{\"conversation_id\": \"c11\"}' where id = 'r7'"
    )
    assert found(filled, "r1") == (("conversation_id", "c1"), ["r1", "r4"])
    filled.execute("update exchanges set model = 'other' where id = 'r4'")
    assert found(filled, "r1") is None


@pytest.mark.parametrize(
    "body",
    [
        '{"metadata": {"session_id": 17}}',
        '{"threadId": "\\u00e9\\""}',
        '{"session": "é"}',
        '{"chat-id": "[hash:0123456789abcdef]"}',
    ],
)
def test_other_names_and_forms(filled, body):
    filled.execute("update exchanges set request_body = ? where id in ('r2', 'r6')", (body,))
    assert found(filled, "r2")[1] == ["r2", "r6"]


@pytest.mark.parametrize(
    "body",
    [
        None,
        b"\xff",
        "[1]",
        '{"session_id": "[masked]"}',
        '{"session_id": ""}',
        '{"session_id": null}',
        '{"session_id": true}',
        '{"session_id": {"a": 1}}',
        '{"session_count": 5}',
    ],
)
def test_what_names_no_session(filled, body):
    filled.execute("update exchanges set request_body = ?", (body,))
    assert found(filled, "r2") is None


def test_a_recorded_header_comes_before_the_trace(filled):
    filled.execute("update exchanges set request_body = '{}', trace_id = 'abc'")
    assert found(filled, "r0")[0] == ("trace", "abc") and len(found(filled, "r0")[1]) == 9
    filled.execute(
        'update exchanges set request_headers = \'{"x-session-id": "s"}\' '
        "where id in ('r0', 'r1')"
    )
    assert found(filled, "r0") == (("x-session-id", "s"), ["r0", "r1"])
