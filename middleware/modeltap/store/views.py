"""The views of the store, which answer common questions in one line of SQL.

Views hold no data: they cost the writer nothing, and what is erased from a table is gone from
them. A view that changes with the code, or with the features of a model, is created again by
`update_views`. Every time stands as UTC text, which an index finds, and as Unix seconds in a
column that ends with ``_epoch``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from modeltap.config.metrics import reported_by
from modeltap.store.decode_notes import decode_note, decoded_rows
from modeltap.store.label_delays import DELAY
from modeltap.store.label_sources import OF_TRUTH, is_truth
from modeltap.store.text import text_literal


def epoch(time: str) -> str:
    """Return the SQL of a time as Unix seconds, to the millisecond.

    >>> epoch("e.started_at")
    'round((julianday(e.started_at) - 2440587.5) * 86400.0, 3)'
    """
    return f"round((julianday({time}) - 2440587.5) * 86400.0, 3)"


def quoted(name: str) -> str:
    """Return a name as an SQL identifier.

    >>> print(quoted('a "quoted" name'))
    "a ""quoted"" name"
    """
    return '"' + name.replace('"', '""').replace("\0", "\ufffd") + '"'


def _metrics(names: Iterable[str]) -> str:
    return ", ".join(map(text_literal, names))


_OF_WINDOW = f"""m.model, m.version, m.environment, m."window", m.window_start, m.window_end,
    {epoch("m.window_start")} as window_start_epoch, {epoch("m.window_end")} as window_end_epoch"""

_RESULT = """m.rows, m.count, m.value, m.low, m.high, m.threshold, m.p_value, m.strength,
    m.verdict, m.explanation, m.examples, m.in_reference"""


def _last_label(column: str) -> str:
    """Return the SQL of a column of the last true label of a row `p`."""
    return f"""(select l.{column} from labels l where l.exchange_id = p.exchange_id
        and l.row = p.row and {OF_TRUTH} order by l.seq desc limit 1)"""


_OF_ROW = f"""p.seq, p.exchange_id as id, p.row, p.model, e.version, e.environment,
    p.event_time, {epoch("p.event_time")} as event_epoch,
    e.started_at, {epoch("e.started_at")} as started_epoch,
    e.path, e.status, e.duration_ms, p.prediction, p.score, p.probabilities,
    {_last_label("value")} as label, {_last_label("received_at")} as labelled_at"""
"""The columns of a row `p` with its exchange `e`, before those of bodies or features."""

ROW_COLUMNS = (
    "seq",
    "id",
    "row",
    "model",
    "version",
    "environment",
    "event_time",
    "event_epoch",
    "started_at",
    "started_epoch",
    "path",
    "status",
    "duration_ms",
    "prediction",
    "score",
    "probabilities",
    "label",
    "labelled_at",
)
"""The columns that views of rows have before those of bodies or features."""

_NEWEST = 1000
"""The exchanges of `v_newest_rows`, which is read in some milliseconds from a store of any size."""


def valid_json(body: str) -> str:
    """Return the SQL of a body that is valid JSON; null if it is not, for JSON functions."""
    return f"case when typeof({body}) = 'text' and json_valid({body}) then {body} end"


_BODIES = f"""{valid_json("e.request_body")} as request,
    {valid_json("e.response_body")} as response"""

# A cross join, so that SQLite reads the rows of a model in the order of their event times.
ROWS = f"""select {_OF_ROW},
    {_BODIES}
from predictions p cross join exchanges e on e.seq = p.seq
where p.candidate = ''"""
"""The definition of `v_rows`, to which a condition can be added."""


def _metric_of_window(name: str, alias: str) -> str:
    """Return the SQL of another metric of all rows in the same window."""
    return f"""(select o.value from metrics o where o.model = t.model and o.version = t.version
        and o."window" = t."window" and o.window_start = t.window_start
        and o.metric = '{name}' and ifnull(o.feature, '') = '' and ifnull(o.segment, '') = '')
        as {alias}"""


def _metric_of_feature(name: str) -> str:
    """Return the SQL of another metric of the same feature and window."""
    return f"""(select o.value from metrics o where o.model = m.model and o.version = m.version
        and o."window" = m."window" and o.window_start = m.window_start
        and o.metric = '{name}' and ifnull(o.feature, '') = ifnull(m.feature, '')
        and ifnull(o.segment, '') = '') as {name}"""


_GAPS = [name for name in reported_by("fairness") if name.endswith(("_difference", "_ratio"))]
"""Metrics of groupings; the others are of single groups. A name may have an equals sign."""

_VIEWS = {
    "v_models": f"""
select m.model, m.version, m.environment,
    m.first_at, m.last_at, {epoch("m.last_at")} as last_epoch, m.exchanges,
    (select count(*) from alerts a where a.model = m.model and a.environment is m.environment
        and a.state = 'firing') as firing_alerts,
    (select a.summary from alerts a where a.model = m.model and a.environment is m.environment
        and a.state = 'firing' order by a.severity = 'critical' desc, a.started_at limit 1)
        as first_alert,
    (select max(d.last_at) from label_days d where d.model = m.model
        and d.environment = ifnull(m.environment, '')) as last_label_at
from (select model, version, nullif(environment, '') as environment, first_at, last_at, exchanges
    from versions) m""",
    "v_exchanges": f"""
select e.seq, e.id, e.model, e.version, e.environment, e.source,
    e.started_at, {epoch("e.started_at")} as started_epoch,
    e.method, e.path, e.route, e.status,
    e.error_type is not null or ifnull(e.status, 0) >= 500 as is_error,
    e.error_type, e.error_message, e.duration_ms, e.first_byte_ms,
    {decoded_rows("e.seq")} as rows, {decode_note("e.seq")} as decode_note,
    e.request_bytes, e.response_bytes, e.request_id, e.trace_id,
    c.name as language_model, c.input_tokens, c.output_tokens, c.cached_tokens,
    {_BODIES}
from exchanges e left join token_counts c on c.exchange_id = e.id""",
    "v_rows": ROWS,
    "v_newest_rows": f"""
select {_OF_ROW},
    {_BODIES}
from (select * from exchanges order by seq desc limit {_NEWEST}) e
    cross join predictions p on p.exchange_id = e.id and p.candidate = ''""",
    "v_labels": f"""
select l.seq, l.exchange_id as id, l.row, ifnull(p.model, l.model) as model,
    l.value as label, p.prediction, p.score, l.source,
    {is_truth("l")} as is_truth,
    {is_truth("l")} and not exists (select 1 from labels n where n.exchange_id = l.exchange_id
        and n.row = l.row and n.seq > l.seq and {is_truth("n")}) as is_current,
    p.exchange_id is not null as is_matched, l."key", l.feature,
    p.event_time, l.labelled_at, l.received_at, {epoch("l.received_at")} as received_epoch,
    round({DELAY}, 3) as delay_seconds
from labels l left join predictions p on p.exchange_id = l.exchange_id and p.row = l.row
    and p.candidate = '' left join exchanges x on x.seq = p.seq""",
    "v_alerts": f"""
select a.id, a.state, a.severity, a.rule, a.rule_name, a.model, a.version, a.environment,
    a.metric, a.feature, a.segment, a.summary, a.value, a.threshold, a.p_value,
    a.started_at, {epoch("a.started_at")} as started_epoch,
    a.resolved_at, {epoch("a.resolved_at")} as resolved_epoch,
    a."window", a.window_start, a.window_end, a.last_window_start,
    a.state <> 'resolved' as is_open, a.acknowledged_at is not null as is_acknowledged,
    a.silenced_until, a.notified_at, a.updated_at, a.examples,
    (select count(*) from alert_history h where h.alert_id = a.id) as steps,
    (select h.note from alert_history h where h.alert_id = a.id and h.note is not null
        order by h.seq desc limit 1) as last_note
from alerts a""",
    "v_drift": f"""
select {_OF_WINDOW}, m.feature, {_RESULT},
    {_metric_of_feature("psi")}, {_metric_of_feature("js")}, {_metric_of_feature("ks")},
    {_metric_of_feature("wasserstein")}, {_metric_of_feature("chi2")}
from metrics m where m.metric = 'drift'""",
    "v_quality": f"""
select {_OF_WINDOW}, m.metric, m.feature, {_RESULT}
from metrics m where m.metric in ({_metrics(reported_by("quality"))})""",
    "v_performance": f"""
select {_OF_WINDOW}, m.metric, m.segment, m.metric like 'estimated%' as is_estimated, {_RESULT},
    (select l.labelled from labelled_windows l where l.model = m.model and l.version = m.version
        and l."window" = m."window" and l.window_start = m.window_start) as labelled
from metrics m where m.metric in ({_metrics(reported_by("performance"))})""",
    "v_fairness": f"""
select {_OF_WINDOW}, m.metric, m.segment, m.metric in ({_metrics(_GAPS)}) as is_gap, {_RESULT}
from metrics m where m.metric in ({_metrics(reported_by("fairness"))})""",
    "v_traffic": f"""
select t.model, t.version, t.environment, t."window", t.window_start, t.window_end,
    {epoch("t.window_start")} as window_start_epoch, {epoch("t.window_end")} as window_end_epoch,
    t.requests, t.errors, t.client_errors, t.aborted, t.not_decoded,
    round(t.requests + t.unkept) as all_requests,
    (t.errors + t.unkept_errors) / nullif(t.requests + t.unkept, 0) as error_rate,
    {_metric_of_window("throughput_rps", "requests_per_second")},
    {_metric_of_window("latency_p50_ms", "p50_ms")},
    {_metric_of_window("latency_p95_ms", "p95_ms")},
    {_metric_of_window("latency_p99_ms", "p99_ms")}
from traffic t""",
}


_CREATE = "create view "
_MARK = "/* made by modeltap */"
"""A comment in the definition of each view, to leave the views of users alone."""


def common_views() -> dict[str, str]:
    """Return the names of the views that every store has, and their definitions."""
    return {name: definition(name, select) for name, select in _VIEWS.items()}


def definition(name: str, select: str) -> str:
    """Return what follows ``create view`` for a view with this name.

    >>> definition("v_one", "select 1 as one")
    '"v_one" /* made by modeltap */ as\\nselect 1 as one'
    """
    return f"{quoted(name)} {_MARK} as\n{select.strip()}"


def update_views(connection: sqlite3.Connection, views: Mapping[str, str]) -> bool:
    """Make `views` the only views of modeltap in the store, inside the caller's transaction.

    Only what differs is changed, since a change makes all connections read the schema again. A
    view whose name a user has taken is left out.

    Args:
        views: the definitions by name; see `definition`.

    Returns whether anything was changed.
    """
    own = own_views(connection)
    stale = [name for name, known in own.items() if views.get(name) != known]
    for name in stale:
        connection.execute(f"drop view {quoted(name)}")
    taken = {name for (name,) in connection.execute("select lower(name) from sqlite_master")}
    missing = [name for name in views if name.lower() not in taken]
    for name in missing:
        connection.execute(_CREATE + views[name])
    return bool(stale or missing)


def own_views(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the definitions of the views that `update_views` has created, by name."""
    rows = connection.execute(
        "select name, sql from sqlite_master where type = 'view' and instr(sql, ?)", (_MARK,)
    )
    # SQLite stores the words before the name in capital letters.
    return {name: sql[len(_CREATE) :] for name, sql in rows}
