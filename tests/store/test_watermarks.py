"""Watermarks: only the one who knows where it stands moves one."""

from __future__ import annotations

import pytest

from modeltap.errors import BusyError
from modeltap.store.connection import connect, writing
from modeltap.store.lease import Lease
from modeltap.store.watermarks import advance, watermark


def test_a_watermark_moves_from_where_it_stands(store):
    """Who read an older value is told that somebody moved it meanwhile."""
    connection = connect(store)
    assert watermark(connection, "seen") == 0
    with writing(connection):
        assert advance(connection, "seen", 0, 10)
        assert not advance(connection, "seen", 0, 20)
    assert watermark(connection, "seen") == 10
    connection.close()


def test_a_transaction_whose_lease_was_lost_writes_nothing(store):
    connection = connect(store)
    lease = Lease(connection, "analysis")
    assert lease.hold()
    with lease.transaction():
        advance(connection, "seen", 0, 10)
    lease.release()
    with pytest.raises(BusyError, match="another analysis took over"), lease.transaction():
        advance(connection, "seen", 10, 20)
    assert watermark(connection, "seen") == 10 and not connection.in_transaction
    connection.close()
