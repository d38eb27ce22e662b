"""Watermarks: only a reader that knows the current value can advance one."""

from __future__ import annotations

import pytest

from modeltap.errors import BusyError
from modeltap.store.connection import connect, writing
from modeltap.store.lease import Lease
from modeltap.store.watermarks import advance, watermark


def test_a_watermark_advances_from_its_current_value(store):
    """With an older value it is not advanced, because another process did so."""
    connection = connect(store)
    assert watermark(connection, "seen") == 0
    with writing(connection):
        assert advance(connection, "seen", 0, 10)
        assert not advance(connection, "seen", 0, 20)
    assert watermark(connection, "seen") == 10
    connection.close()


def test_a_transaction_without_the_lease_writes_nothing(store):
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
