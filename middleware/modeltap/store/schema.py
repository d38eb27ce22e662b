"""The tables of the store, and the migrations that lead to them.

People open this file with `sqlite3`, `sqlite-utils` and Datasette, so the names are plain and
every column is described in docs/reference/tables.md. Times are UTC text (`clock.iso`);
booleans are 0 and 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

VERSION = 1
"""`PRAGMA user_version` of a file that this code reads and writes."""

_ENVIRONMENT = (
    "iif(instr(version, '@'), "
    "nullif(substr(version, length(rtrim(version, replace(version, '@', ''))) + 1), ''), null)"
)
"""What follows the last ``@`` of the version that is analysed; see `modeltap.environments`."""

_TABLES = """
create table exchanges (
    seq integer primary key autoincrement,  -- order of arrival; the analyzer's watermark
    id text not null unique,
    model text not null, version text not null default '', environment text,
    source text not null,
    method text, path text, query text, route text, status integer,
    error_type text, error_message text,
    started_at text not null, event_time text,
    headers_ms real, first_byte_ms real, duration_ms real,
    request_type text, response_type text, request_encoding text, response_encoding text,
    request_body, response_body,            -- no type: TEXT stays TEXT, BLOB stays BLOB
    request_note text, response_note text,
    request_bytes integer, response_bytes integer,
    request_truncated integer, response_truncated integer,  -- 1 where cut, else null
    request_read integer, aborted integer,
    request_headers text, response_headers text,
    request_id text, trace_id text, sample_rate real,
    stream text,                            -- JSON of a response in chunks: number, gaps, lines
    decoded integer, decode_note text,      -- rows found; 0 with a reason; null: not decoded yet
    protocol_id text,                       -- the id in the protocol's own bodies
    pid integer, host text
);

create index exchanges_by_request_id on exchanges (request_id) where request_id is not null;

create index exchanges_by_trace_id on exchanges (trace_id) where trace_id is not null;

create index exchanges_by_protocol_id on exchanges (protocol_id) where protocol_id is not null;

create table predictions (
    exchange_id text not null, row integer not null,
    model text not null, version text not null default '',
    prediction, score real, probabilities text, event_time text,
    seq integer not null,                   -- of the exchange: ties in time are in order of arrival
    primary key (exchange_id, row)
) without rowid;
create index predictions_by_time on predictions (model, version, event_time, seq, row);

create table labels (
    seq integer primary key autoincrement,
    exchange_id text not null, row integer not null default 0,
    key text,                               -- the id that it came by, where that is another one
    value, source text,
    model text,                             -- whose exchanges it is for, where that was said
    labelled_at text, received_at text not null
);
create index labels_by_exchange on labels (exchange_id, row);

create table unmatched (                    -- requests and responses that wait for the other one
    id text primary key,                    -- of the exchange that they will be
    side text not null,                     -- 'request' or 'response'
    model text not null, version text not null default '', environment text,
    source text not null, method text, path text,
    started_at text not null, event_time text,
    type text, body, note text, bytes integer,
    request_headers text, request_id text,
    pid integer, host text,
    received_at text not null
);
create index unmatched_by_arrival on unmatched (received_at);

create table label_days (                   -- how many labels came each day
    model text not null, environment text not null default '', day text not null,
    labels integer not null, last_at text not null,
    primary key (model, environment, day)
) without rowid;

create table request_days (                 -- when requests came each day, by the wall clock
    model text not null, environment text not null default '', day text not null,
    first_at text not null, last_at text not null,
    longest_pause real not null,            -- seconds, up to a request of this day
    primary key (model, environment, day)
) without rowid;

create table "references" (
    id text primary key,                    -- hash of model, version, edges and vocabularies
    model text not null, version text not null default '',
    source text not null, rows integer not null,
    from_time text, to_time text,           -- half-open; null for a file
    created_at text not null, active integer not null default 1,
    state text not null default 'active',   -- 'provisional' until the rows to learn are all there
    payload text not null                   -- JSON: per feature its bins and counts
);
create unique index one_active_reference on "references" (model, version) where active;

create table reference_rows (               -- a sample of its rows, one by one: each can be erased
    reference_id text not null, exchange_id text not null, row integer not null,
    event_time text, coded blob not null,
    primary key (reference_id, exchange_id, row)
) without rowid;
create index reference_rows_by_exchange on reference_rows (exchange_id);

create table reference_blocks (             -- its rows by time: what a window's hours looked like
    reference_id text not null, block integer not null,     -- from 0 on in order of time
    block_start text not null, block_end text not null, rows integer not null,
    counts blob not null,                   -- as windows.counts
    primary key (reference_id, block)
) without rowid;

create table windows (
    model text not null, version text not null default '', reference_id text not null,
    environment text as ({environment}),
    "window" text not null,                 -- how they are cut: '1h', '1 month', '5000 rows'
    window_start text not null, window_end text not null,
    rows integer not null, first_event text, last_event text,
    first_seq integer, first_row integer,   -- of rows: where the first and the last one stand
    last_seq integer, last_row integer,
    counts blob not null,                   -- zlib of int64 little-endian, as the reference has it
    extremes blob not null,                 -- zlib of float64: each feature's smallest and largest
    fields text not null,                   -- JSON: new fields, and rows without a known one
    repeats blob not null,                  -- hashes of some rows, and how often each came
    due integer not null default 1,         -- 1 where rows came since it was evaluated
    evaluated_start text, evaluated_end text,     -- the period it was evaluated in; null until then
    primary key (model, version, reference_id, "window", window_start)
) without rowid;
create index windows_due on windows (model, version, reference_id, "window", window_start)
    where due;

create table traffic (                      -- windows by the wall clock, for operations
    model text not null, version text not null default '', window_start text not null,
    environment text as ({environment}),
    window_end text not null,
    requests integer not null, errors integer not null, client_errors integer not null,
    aborted integer not null, not_decoded integer not null,
    latency blob not null,                  -- as windows.counts: durations in logarithmic bins
    "window" text not null,
    unkept real not null default 0,         -- of a sample: requests that were not kept
    unkept_errors real not null default 0, unkept_squares real not null default 0,
    errors_from text, latency_from text,    -- the start of the period it was evaluated in; or null
    due integer not null default 1,
    primary key (model, version, "window", window_start)
) without rowid;
create index traffic_due on traffic (window_end) where due;

create table metrics (
    id integer primary key,
    model text not null, version text not null default '', "window" text not null,
    environment text as ({environment}),
    window_start text not null, window_end text not null,
    rows integer not null, count integer,
    metric text not null, feature text, segment text,
    value real, low real, high real, threshold real, p_value real,
    strength real,                          -- effect divided by its floor
    at_once integer not null default 0,     -- 1 where an alert needs no second window
    verdict text, explanation text,
    examples text,                          -- JSON: ids of exchanges that show it
    related text,                           -- JSON: the features of one finding, in its alert
    in_reference integer not null default 0, reference_id text, computed_at text not null
);
create unique index one_metric on metrics
    (model, version, "window", window_start, metric, ifnull(feature, ''), ifnull(segment, ''));

create table alerts (
    id text primary key, fingerprint text not null,
    rule text not null, model text not null, version text not null default '',
    environment text as ({environment}),
    metric text not null, feature text, segment text,
    severity text not null, state text not null,
    "window" text not null,
    window_start text not null, window_end text not null, last_window_start text not null,
    value real, threshold real, p_value real, summary text not null,
    examples text, related text,            -- JSON; related: the features of one finding
    started_at text not null, resolved_at text,
    silenced_until text, acknowledged_at text,
    notified_at text,                       -- when a message about it was last enqueued
    updated_at text not null
);
create unique index one_open_alert on alerts (fingerprint) where state <> 'resolved';

create table alert_history (                -- each change of an alert, in order
    seq integer primary key autoincrement,
    alert_id text not null, state text not null,
    window_start text, value real, note text, at text not null
);
create index alert_history_by_alert on alert_history (alert_id);

create table silences (                     -- alerts that fit send nothing until its end
    id text primary key,
    model text, rule text, feature text, fingerprint text,  -- null fits all
    reason text, until text not null, created_at text not null
);

create table deliveries (                   -- the outbox
    id text primary key,                    -- the webhook-id, the same on every attempt
    webhook text not null,                  -- a webhook's key, never its URL
    event_type text not null, alert_ids text not null, body text not null,
    state text not null default 'pending',  -- pending, delivered, dead
    attempts integer not null default 0,
    next_at text, lease_until text,
    last_status integer, last_error text,
    created_at text not null, delivered_at text
);
create index deliveries_due on deliveries (next_at) where state = 'pending';

create table runs (                         -- done once for each window, by whoever came first
    job text not null,                      -- what was done: 'inputs REFERENCE MODEL@VERSION 1h'
    window text not null,                   -- of what: START/END, and a mark of the rows it had
    done_at text not null, pid integer, host text,
    primary key (job, window)
) without rowid;

create table child_runs (                   -- the scheduler's child processes
    id integer primary key,
    job text not null,                      -- the command: analyze, deliver, prune, digest, retrain
    started_at text not null, finished_at text not null,
    exit integer not null,                  -- 0 is success; negative: ended by that signal
    pid integer not null, host text not null,
    log text not null                       -- the end of what it wrote to standard error
);
create index child_runs_by_job on child_runs (job, id);

create table job_times (                    -- when each job was run last
    job text primary key,
    started_at text not null,
    finished_at text                        -- of an analysis; null while it works, or was killed
) without rowid;

create table leases (
    name text primary key, owner text not null, boot_id text not null,
    expires real not null,                  -- seconds of CLOCK_BOOTTIME
    expires_at text not null,               -- the same by the wall clock, for other boots
    token integer not null
);

create table watermarks (                   -- how far each reader of the store has come
    name text primary key,                  -- the reader: 'seen', 'labels', 'dropped', 'purged' ...
    value integer not null                  -- the seq of the last row that it read
) without rowid;

create table models (                       -- the models and versions whose exchanges were counted
    model text not null, version text not null,
    learn_from text,                        -- rows from then on are learnt; null for all
    primary key (model, version)
) without rowid;

create table event_days (                   -- rows by day of event time, to know which are stray
    model text not null, day text not null, rows integer not null,
    primary key (model, day)
) without rowid;

create table counted_hours (                -- rows by the hour in which they were counted
    model text not null, environment text not null default '', hour text not null,
    rows integer not null,
    due integer not null default 1,         -- 1 where rows came since it was reported, 2 where
                                            -- some of those that were rejected count again
    primary key (model, environment, hour)
) without rowid;

create table shortfalls (                   -- parts that exchanges lack, by hour of counting
    model text not null, environment text not null default '', hour text not null,
    part text not null,                     -- 'rows', 'predictions', 'event_time'
    reason text not null,                   -- why it is missing; '' where it is there
    count integer not null,                 -- exchanges; of event times rows
    due integer not null default 1,         -- 1 where some came since the hour was evaluated
    primary key (model, environment, hour, part, reason)
) without rowid;
create index shortfalls_due on shortfalls (model, environment, hour) where due;

create table rejected_times (               -- rows whose event time cannot be theirs
    exchange_id text not null, row integer not null,
    model text not null, version text not null default '',
    event_time text,                        -- null where it cannot be read
    hour text not null,                     -- in which it was counted
    reason text not null,                   -- 'future', 'stray' or 'unreadable'
    primary key (exchange_id, row)
) without rowid;
create index rejected_times_by_hour on rejected_times (model, hour);

create table due_windows (                  -- windows whose performance is to be computed
    model text not null, version text not null,
    "window" text not null, window_start text not null,
    newest_label integer not null,          -- the largest labels.seq when it was noted
    primary key (model, version, "window", window_start)
) without rowid;

create table labelled_windows (             -- windows that labels came for
    model text not null, version text not null,
    "window" text not null, window_start text not null,
    rows integer not null, labelled integer not null,
    evaluated_from text,                    -- the start of the period it was evaluated in; or null
    primary key (model, version, "window", window_start)
) without rowid;

create table dropped (
    seq integer primary key autoincrement,
    model text not null,                    -- '' where a process serves several
    environment text,                       -- '' for exchanges without one, null where unknown
    host text not null, pid integer not null, reason text not null,
    count integer not null, at text not null
);

create table settings (
    model text not null, key text not null, value text not null, updated_at text not null,
    primary key (model, key)
) without rowid;
"""


def migrate(db: Database) -> None:
    """Bring `db` to this code's schema; each migration and its record are one transaction."""
    from sqlite_utils.migrations import Migrations

    migrations = Migrations("modeltap")

    @migrations(name="001_first_tables")
    def _(db: Database) -> None:
        for statement in _statements(_TABLES.replace("{environment}", _ENVIRONMENT)):
            db.execute(statement)

    migrations.apply(db)
    db.execute(f"pragma user_version = {VERSION}")


def _statements(script: str) -> list[str]:
    lines = (line.split("--")[0] for line in script.splitlines())
    return [text for text in "\n".join(lines).split(";") if text.strip()]
