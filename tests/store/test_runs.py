"""Work is done once for each window, by the first worker."""

from __future__ import annotations

from contextlib import closing
from threading import Thread

import pytest

from modeltap.store.connection import connect, writing
from modeltap.store.runs import claim_run


def test_one_of_several_workers_gets_each_window(store):
    connect(store).close()
    claimed = []

    def work():
        with closing(connect(store)) as connection:
            for number in range(20):
                with writing(connection):
                    if claim_run(connection, "inputs", f"window {number}"):
                        claimed.append(number)

    workers = [Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(claimed) == list(range(20))


def test_work_that_failed_is_not_done(store):
    with closing(connect(store)) as connection:
        with pytest.raises(RuntimeError), writing(connection):
            assert claim_run(connection, "inputs", "w")
            raise RuntimeError
        with writing(connection):
            assert claim_run(connection, "inputs", "w")
            assert claim_run(connection, "performance", "w")
            assert not claim_run(connection, "inputs", "w")
