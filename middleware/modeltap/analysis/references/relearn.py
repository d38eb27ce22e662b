"""A frozen reference learnt anew, of the rows since a moment: the new normal."""

from __future__ import annotations

from modeltap import clock
from modeltap.analysis.counting.counter import WindowCounter
from modeltap.analysis.counting.row_windows import RowWindows
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.freeze import freeze_rows
from modeltap.config.windows import Window
from modeltap.errors import InputError
from modeltap.store.connection import writing
from modeltap.store.predictions import LAST, rows_between
from modeltap.store.windows import skip_evaluated


def relearn(counter: WindowCounter, before: Reference, from_time: str) -> Reference:
    """Freeze the rows since `from_time` and let them count from now on, in place of `before`.

    Windows that were evaluated keep their metrics. Raises `InputError` where the rows are fewer
    than `min_rows`.
    """
    model, version, connection = before.model, before.version, counter.connection
    picked = rows_between(connection, model, version, (from_time, 0, 0), LAST)
    least = counter.settings.for_model(model).min_rows
    since = clock.short(from_time)
    if len(picked) < least:
        raise InputError(
            f"{model} has {len(picked)} rows since {since} UTC; {least} are needed to learn from: "
            "accept again when they have come"
        )
    learnt = freeze_rows(counter, model, version, picked, f"accepted, since {since}")
    counter.recount(learnt)
    series = counter.series(learnt)
    if Window.parse(series.window).kind == "rows":
        RowWindows(counter, learnt).cut()
    with writing(connection):
        skip_evaluated(connection, series, counter.series(before))
    return learnt
