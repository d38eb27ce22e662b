"""The tables of the store, and the migrations that create them; `views` has its views.

Users open this file with `sqlite3`, `sqlite-utils` and Datasette, so the names are plain and
every column is described in docs/reference/tables.md. Times are UTC text (`clock.iso`);
booleans are 0 and 1.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from modeltap.store.views import common_views, update_views

if TYPE_CHECKING:
    from sqlite_utils import Database

VERSION = 1
"""The `PRAGMA user_version` of files that this code reads and writes."""

SET = "modeltap"
"""The name under which sqlite-utils records the migrations."""

APPLICATION_ID = 0x6D746170
"""The `PRAGMA application_id` of a store ("mtap"), by which a damaged file is recognised."""

_ENVIRONMENT = (
    "iif(instr(version, '@'), "
    "nullif(substr(version, length(rtrim(version, replace(version, '@', ''))) + 1), ''), null)"
)
"""The part after the last ``@`` of the analysed version; see `modeltap.environments`."""

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
    request_truncated integer, response_truncated integer,  -- 1 if truncated, else null
    request_read integer, aborted integer,
    request_headers text, response_headers text,
    request_id text, trace_id text, sample_rate real,
    stream text,                            -- JSON: timing of a chunked response
    protocol_id text,                       -- the id that the protocol has in its bodies
    pid integer, host text
);

create index exchanges_by_request_id on exchanges (request_id) where request_id is not null;

create index exchanges_by_trace_id on exchanges (trace_id) where trace_id is not null;

create index exchanges_by_protocol_id on exchanges (protocol_id) where protocol_id is not null;

create table decode_notes (                 -- runs of exchanges with equal notes of decoding
    first_seq integer not null, last_seq integer primary key,
    rows integer not null,                  -- in each exchange; 0 with a note
    note text                               -- why rows or predictions are missing
);

create table predictions (
    exchange_id text not null, row integer not null,
    candidate text not null default '',     -- '' is the model itself
    model text not null, version text not null default '',
    prediction, score real, probabilities text,
    event_time text,                        -- null for a candidate
    seq integer not null,                   -- of the exchange: orders rows with equal times
    primary key (exchange_id, row, candidate)
) without rowid;
create index predictions_by_time on predictions (model, event_time, seq, row, version)
    where candidate = '';
create index predictions_of_version on predictions (model, version, event_time, seq, row)
    where candidate = '' and version <> '';    -- most models are analysed without versions
create index predictions_by_candidate on predictions (model, candidate) where candidate <> '';

create table candidate_requests (           -- requests that were sent to a candidate, too
    exchange_id text not null, candidate text not null,
    model text not null, source text not null,      -- 'replay' or 'shadow'
    status integer, duration_ms real,       -- null without a response
    rows integer not null,                  -- kept predictions
    error text,                             -- why it has none
    sent_at text not null,
    primary key (exchange_id, candidate)
);
create index candidate_requests_by_name on candidate_requests (model, candidate);

create table labels (
    seq integer primary key autoincrement,
    exchange_id text not null, row integer not null default 0,
    key text,                               -- the id it was sent with, if not the exchange's id
    feature text,                           -- the feature that `key` is a value of; else null
    value,
    source text,                            -- 'judge', 'review_chosen': never count in metrics
    model text,                             -- the model it is for, if given
    labelled_at text, received_at text not null
);
-- With all columns that windows read, so that a million labels need no other page.
create index labels_by_exchange on labels
    (exchange_id, row, seq, value, labelled_at, received_at, source);
create index labels_by_feature on labels (model, feature, key) where feature is not null;

create table token_counts (                 -- tokens of exchanges, as responses state them
    exchange_id text primary key,
    name text,                              -- the language model in the response
    input_tokens integer, output_tokens integer, cached_tokens integer
) without rowid;

create table judge_answers (                -- calls of a judge about single outputs
    seq integer primary key autoincrement,
    model text not null, exchange_id text not null, row integer not null,
    judge text not null,                    -- hash of its endpoint, model, rubric and choices
    listed text not null,                   -- JSON: the choices as they were listed
    choice text,                            -- null if the call failed
    outcome text not null,                  -- 'answered', or the reason of the failure
    is_label integer not null,              -- 1 if its label counts; 0 for the other order
    at text not null
);
create index judge_answers_by_exchange on judge_answers (exchange_id);

create table judge_spending (               -- calls and tokens of a judge by day, with reservations
    model text not null, day text not null,
    calls integer not null, tokens integer not null,
    primary key (model, day)
) without rowid;

create table row_keys (                     -- rows by the value of a feature that labels name
    model text not null, feature text not null, value text not null,
    exchange_id text not null, row integer not null,
    primary key (model, feature, value, exchange_id, row)
) without rowid;
create index row_keys_by_exchange on row_keys (exchange_id);

create table key_features (                 -- the features that labels name rows by
    model text not null, feature text not null,
    read_to integer not null,               -- the last exchange (seq) whose rows are in row_keys
    primary key (model, feature)
) without rowid;

create table unmatched (                    -- requests without a response, and vice versa
    id text primary key,                    -- of the exchange
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

create table label_days (                   -- number of labels that arrived each day
    model text not null, environment text not null default '', day text not null,
    labels integer not null, last_at text not null,
    primary key (model, environment, day)
) without rowid;

create table request_days (                 -- arrival of requests each day, by the wall clock
    model text not null, environment text not null default '', day text not null,
    first_at text not null, last_at text not null,
    longest_pause real not null,            -- seconds before a request of this day
    primary key (model, environment, day)
) without rowid;

create table "references" (
    id text primary key,                    -- hash of model, version, edges and vocabularies
    model text not null, version text not null default '',
    source text not null, rows integer not null,
    from_time text, to_time text,           -- half-open; null for a file
    created_at text not null, active integer not null default 1,
    state text not null default 'active',   -- 'provisional' until all rows to learn have arrived
    payload text not null                   -- JSON: bins and counts of each feature
);
create unique index one_active_reference on "references" (model, version) where active;

create table reference_rows (               -- a sample of single rows, so that each can be erased
    reference_id text not null, exchange_id text not null, row integer not null,
    event_time text, coded blob not null,
    output real, label real,                -- numbers of its prediction and label, if known
    primary key (reference_id, exchange_id, row)
) without rowid;
create index reference_rows_by_exchange on reference_rows (exchange_id);

create table reference_blocks (             -- counts of its rows by period
    reference_id text not null, block integer not null,     -- from 0, in order of time
    block_start text not null, block_end text not null, rows integer not null,
    counts blob not null,                   -- as windows.counts
    primary key (reference_id, block)
) without rowid;

create table windows (
    model text not null, version text not null default '', reference_id text not null,
    environment text as ({environment}),
    "window" text not null,                 -- the length: '1h', '1 month', '5000 rows'
    window_start text not null, window_end text not null,
    rows integer not null, first_event text, last_event text,
    first_seq integer, first_row integer,   -- row windows: the first and the last row
    last_seq integer, last_row integer,
    counts blob not null,                   -- zlib of int64 little-endian, in the reference's bins
    extremes blob not null,                 -- zlib of float64: each feature's smallest and largest
    fields text not null,                   -- JSON: new fields, rows without any known field
    repeats blob not null,                  -- hashes of some rows with their counts
    due integer not null default 1,         -- 1 if rows arrived since its evaluation
    evaluated_start text, evaluated_end text,     -- the period of its evaluation; null until then
    primary key (model, version, reference_id, "window", window_start)
) without rowid;
create index windows_due on windows (model, version, reference_id, "window", window_start)
    where due;

create table traffic (                      -- wall-clock windows for operational metrics
    model text not null, version text not null default '', window_start text not null,
    environment text as ({environment}),
    window_end text not null,
    requests integer not null, errors integer not null, client_errors integer not null,
    aborted integer not null, not_decoded integer not null,
    latency blob not null,                  -- as windows.counts: durations in logarithmic bins
    "window" text not null,
    unkept real not null default 0,         -- estimated requests that sampling left out
    unkept_errors real not null default 0, unkept_squares real not null default 0,
    errors_from text, latency_from text,    -- the start of the evaluated period; or null
    due integer not null default 1,
    primary key (model, version, "window", window_start)
) without rowid;
create index traffic_due on traffic (window_end) where due;

create table metrics (
    id integer primary key autoincrement,   -- never given twice: other systems read on from it
    model text not null, version text not null default '', "window" text not null,
    environment text as ({environment}),
    window_start text not null, window_end text not null,
    rows integer not null, count integer,
    metric text not null, feature text, segment text,
    value real, low real, high real, threshold real, p_value real,
    strength real,                          -- effect divided by its floor
    at_once integer not null default 0,     -- 1 if an alert needs no second window
    verdict text, explanation text,
    examples text,                          -- JSON: ids of example exchanges
    related text,                           -- JSON: the features of a finding
    in_reference integer not null default 0, reference_id text, computed_at text not null
);
create unique index one_metric on metrics
    (model, version, "window", window_start, metric, ifnull(feature, ''), ifnull(segment, ''));

-- By feature first: a page draws some of thousands of features.
create index metrics_of_features on metrics
    (model, version, feature, window_start, strength, verdict, value) where metric = 'drift';
create index metrics_by_name on metrics (metric, model, version, window_end);
-- With all columns that charts read: a line of a year needs no other page.
create index metrics_of_all_rows on metrics
    (metric, model, version, window_start, window_end, rows, value, low, high, threshold, verdict,
    count, "window", in_reference, feature, segment) where feature is null and segment is null;

create table alerts (
    id text primary key, fingerprint text not null,
    rule text not null, model text not null, version text not null default '',
    environment text as ({environment}),
    rule_name text,                         -- as in the settings; null for a rule without one
    metric text not null, feature text, segment text,
    severity text not null, state text not null,
    "window" text not null,
    window_start text not null, window_end text not null, last_window_start text not null,
    value real, threshold real, p_value real, summary text not null,
    examples text, related text,            -- JSON; related: the features of a finding
    started_at text not null, resolved_at text,
    silenced_until text, acknowledged_at text,
    notified_at text,                       -- when a message about it was last enqueued
    updated_at text not null
);
create unique index one_open_alert on alerts (fingerprint) where state <> 'resolved';

create table alert_history (                -- each state change of an alert, in order
    seq integer primary key autoincrement,
    alert_id text not null, state text not null,
    window_start text, value real, note text, at text not null
);
create index alert_history_by_alert on alert_history (alert_id);

create table silences (                     -- matching alerts send no messages until it ends
    id text primary key,
    model text, rule text, feature text, fingerprint text,  -- null matches any
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

create table delivery_attempts (            -- each attempt to send a message, in order
    seq integer primary key autoincrement,
    delivery_id text not null,
    outcome text not null,                  -- delivered, failed (tried again later), dead
    status integer, error text,             -- the HTTP status; why it failed
    at text not null
);
create index delivery_attempts_by_delivery on delivery_attempts (delivery_id);

create table runs (                         -- work that is done once for each window
    job text not null,                      -- the work: 'inputs REFERENCE MODEL@VERSION 1h'
    window text not null,                   -- START/END, and a mark of its rows
    done_at text not null, pid integer, host text,
    primary key (job, window)
) without rowid;

create table child_runs (                   -- the scheduler's child processes
    id integer primary key,
    job text not null,                      -- the command: analyze, deliver, prune, digest, retrain
    started_at text not null, finished_at text not null,
    exit integer not null,                  -- 0 is success; negative: killed by that signal
    pid integer not null, host text not null,
    log text not null                       -- the end of its standard error
);
create index child_runs_by_job on child_runs (job, id);

create table reviews (                      -- rows that people were asked to label
    exchange_id text not null, row integer not null,
    model text not null,
    reason text not null,                   -- random, low_confidence, disagreement, worst_slice,
                                            -- unusual
    probability real,                       -- of having been drawn at random; else null
    state text not null,                    -- answered, skipped
    reviewed_at text not null,
    primary key (exchange_id, row)
) without rowid;

create table review_claims (                -- rows that a person is being asked about
    claim text not null primary key,        -- random; in the address of the question
    exchange_id text not null, row integer not null,
    model text not null,
    reason text not null, probability real, -- as in reviews
    until text not null                     -- others are not asked about the row before
) without rowid;
create unique index review_claims_by_row on review_claims (exchange_id, row);

create table retrainings (                  -- runs of a model's policy of retraining
    id text primary key,
    model text not null,
    reason text not null,                   -- why it started: 'by hand', the schedule, labels ...
    alert_id text,                          -- the alert that started it
    way text not null,                      -- command, function, webhook
    state text not null,                    -- running, succeeded, failed, timed_out,
                                            -- interrupted, skipped
    message text,                           -- the reason of a state other than 'succeeded'
    started_at text not null, finished_at text,
    since text, until text,                 -- event times of the rows, half-open
    environment text,                       -- of the rows; '' for rows without one
    rows integer, left_out text,            -- labelled rows; JSON: columns that are masked
    labels integer not null default 0,      -- labels of the model that had arrived by then
    data text,                              -- the file with the rows; null once it is deleted
    exit integer,                           -- a process's exit code, or an HTTP status
    artefact text,                          -- the candidate: a file, a URL, a function
    verdict text,                           -- of its comparison: better, worse, not_shown
    comparison text,                        -- JSON: the rows of the comparison
    log text,                               -- the end of the output
    pid integer not null, host text not null
);
create index retrainings_by_model on retrainings (model, started_at);

create table job_times (                    -- the last run of each job
    job text primary key,
    started_at text not null,
    finished_at text                        -- of an analysis; null if running or killed
) without rowid;

create table leases (
    name text primary key, owner text not null, boot_id text not null,
    expires real not null,                  -- seconds of CLOCK_BOOTTIME
    expires_at text not null,               -- by the wall clock, for leases of other boots
    token integer not null
);

create table sendings (                     -- how sending to another system went
    system text primary key,                -- 'otel'
    succeeded_at text, failed_at text,      -- failed_at: null after a success
    error text, retry_at text,              -- retry_at: as the receiver asked
    rejected integer not null default 0     -- values that it has refused for good
) without rowid;

create table watermarks (                   -- the progress of each reader of the store
    name text primary key,                  -- the reader: 'seen', 'labels', 'dropped', 'purged' ...
    value integer not null                  -- the seq of the last row it read
) without rowid;

create table models (                       -- models and versions with counted exchanges
    model text not null, version text not null,
    learn_from text,                        -- learning uses rows from then on; null: all rows
    primary key (model, version)
) without rowid;

create table versions (                     -- versions in counted exchanges
    model text not null, environment text not null default '',
    version text not null,                  -- as in exchanges; '' for those without one
    first_at text not null, last_at text not null,      -- event times of exchanges
    exchanges integer not null,
    primary key (model, environment, version)
) without rowid;

create table noted_versions (               -- versions of exchanges that have none themselves
    model text not null, environment text not null default '',
    since text not null,                    -- event time from which the version applies
    version text not null,
    noted_at text not null,
    primary key (model, environment, since)
) without rowid;

create table event_days (                   -- rows by day of event time, to detect stray times
    model text not null, day text not null, rows integer not null,
    primary key (model, day)
) without rowid;

create table counted_hours (                -- rows by hour of counting
    model text not null, environment text not null default '', hour text not null,
    rows integer not null,
    due integer not null default 1,         -- 1 if rows arrived since the last report, 2 if
                                            -- rejected rows were accepted again
    primary key (model, environment, hour)
) without rowid;

create table shortfalls (                   -- missing parts of exchanges by hour of counting
    model text not null, environment text not null default '', hour text not null,
    part text not null,                     -- 'rows', 'predictions', 'event_time'
    reason text not null,                   -- why it is missing; '' if it is present
    count integer not null,                 -- of exchanges; for event times of rows
    due integer not null default 1,         -- 1 if the count changed since the evaluation
    primary key (model, environment, hour, part, reason)
) without rowid;
create index shortfalls_due on shortfalls (model, environment, hour) where due;

create table rejected_times (               -- rows with implausible event times
    exchange_id text not null, row integer not null,
    model text not null, version text not null default '',
    event_time text,                        -- null if it cannot be read
    hour text not null,                     -- of counting
    reason text not null,                   -- 'future', 'stray' or 'unreadable'
    primary key (exchange_id, row)
) without rowid;
create index rejected_times_by_hour on rejected_times (model, hour);

create table due_windows (                  -- windows whose performance is due
    model text not null, version text not null,
    "window" text not null, window_start text not null,
    newest_label integer not null,          -- the largest labels.seq when it was recorded
    due_at text,                            -- not before this time; null: at once
    primary key (model, version, "window", window_start)
) without rowid;

create table labelled_windows (             -- windows with labels
    model text not null, version text not null,
    "window" text not null, window_start text not null,
    rows integer not null, labelled integer not null,
    evaluated_from text,                    -- the start of the evaluated period; or null
    primary key (model, version, "window", window_start)
) without rowid;

create table dropped (
    seq integer primary key autoincrement,
    model text not null,                    -- '' if the process serves several
    environment text,                       -- '' for exchanges without one, null if unknown
    host text not null, pid integer not null, reason text not null,
    count integer not null, at text not null
);

create table shadow_counts (                -- requests chosen for a challenger
    model text not null, environment text not null default '', candidate text not null,
    hour text not null,                     -- of counting
    outcome text not null,                  -- 'kept', or why there is no prediction
    count integer not null,
    primary key (model, environment, candidate, hour, outcome)
) without rowid;

create table settings (
    model text not null, key text not null, value text not null, updated_at text not null,
    primary key (model, key)
) without rowid;
"""


_FIRST = "001_first_tables"
"""The migration that creates the tables."""

_RECORD = (
    'create table "_sqlite_migrations" '
    '("id" integer primary key, "migration_set" text, "name" text, "applied_at" text)',
    'create unique index "idx__sqlite_migrations_migration_set_name" '
    'on "_sqlite_migrations" ("migration_set", "name")',
)
"""The table in which sqlite-utils records migrations, as it creates it."""


def create(connection: sqlite3.Connection) -> None:
    """Create the current schema in an empty file, inside the caller's transaction.

    The migrations are recorded as applied, so that sqlite-utils applies only later ones. Importing
    it would take 0.2 s, or a second if pandas is installed.
    """
    for statement in (*_RECORD, *_statements()):
        connection.execute(statement)
    connection.execute(
        "insert into _sqlite_migrations (migration_set, name, applied_at) values (?, ?, ?)",
        (SET, _FIRST, str(datetime.now(UTC))),
    )
    _finish(connection)


def migrate(db: Database) -> None:
    """Migrate `db` to the current schema; each migration and its record are one transaction."""
    from sqlite_utils.migrations import Migrations

    migrations = Migrations(SET)

    @migrations(name=_FIRST)
    def _(db: Database) -> None:
        for statement in _statements():
            db.execute(statement)

    migrations.apply(db)
    _finish(db.conn)


def _finish(connection: sqlite3.Connection) -> None:
    update_views(connection, common_views())
    connection.execute(f"pragma application_id = {APPLICATION_ID}")
    connection.execute(f"pragma user_version = {VERSION}")


def _statements() -> list[str]:
    script = _TABLES.replace("{environment}", _ENVIRONMENT)
    lines = (line.split("--")[0] for line in script.splitlines())
    return [text for text in "\n".join(lines).split(";") if text.strip()]
