"""Views of a store, as a pass of the analysis keeps them up to date."""

from __future__ import annotations

from contextlib import closing

from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect
from modeltap.store.views import common_views, own_views
from stores import every, put


def test_a_pass_makes_the_views_again(store):
    """Those of an older modeltap, and those of models; views of users stay."""
    put(store, every(60, 3), [{"x": 1}, {"x": 2}, {"x": 3}])
    with closing(connect(store)) as connection:
        for name in own_views(connection):
            connection.execute(f"drop view {name}")
        connection.execute("create view v_mine as select 1 as one")
        Analyzer(store, connection, {}).run_pass(send=False)
        assert set(own_views(connection)) == {*common_views(), "v_rows_m"}
        assert [row["x"] for row in connection.execute("select x from v_rows_m")] == [1, 2, 3]
        assert connection.execute("select one from v_mine").fetchone()[0] == 1
