"""References side by side: a version has one of its own, and counts under two are never added."""

from __future__ import annotations

import os

import numpy as np
import pytest

from command import modeltap
from modeltap.analysis.counting.tally import tally, unpack
from modeltap.analysis.model.reference import Reference, layout
from stores import analyze, every, put, read

SAID = {
    "window": "1d",
    "reference": "first 600 rows",
    "multivariate": False,
    "per_version": True,
}
DAY = 240
"""Rows a day: one every six minutes."""


def numbers(count, center, seed=0):
    rng = np.random.default_rng(seed)
    return [{"x": round(float(value), 6)} for value in rng.normal(center, 1, count)]


def day(store, at, count=1, **centers):
    """Store days from the day `at` on, of both versions, each with data of its own."""
    for version, center in centers.items():
        moments = every(6, DAY * count, first=at * 1440 + int(version[1:]))
        put(
            store,
            moments,
            numbers(len(moments), center, seed=at),
            version=version,
            prefix=f"{version}-{at}-",
        )


DRIFT = "select version, verdict from metrics where metric = 'drift' and feature = 'x' "


def test_each_version_is_judged_by_its_own_reference(store):
    """The second has other data from its first day on; that is usual for it once it is learnt."""
    day(store, 0, 4, v1=10.0)
    analyze(store, SAID)
    day(store, 4, 6, v1=10.0, v2=20.0)
    analyze(store, SAID, include_open=True)
    references = read(store, 'select version, active, rows from "references" order by version')
    assert references == [{"version": v, "active": 1, "rows": 600} for v in ("v1", "v2")]
    learnt = "(version = 'v1' or window_start >= '2024-01-07T11:56')"
    judged = read(store, f"{DRIFT} and in_reference = 0 and {learnt}")
    assert {row["verdict"] for row in judged} == {"ok"}
    assert {v: sum(row["version"] == v for row in judged) for v in ("v1", "v2")} == {
        "v1": 8,
        "v2": 4,
    }
    # Until it was learnt the first one's counted.
    alerts = read(store, "select version, state from alerts")
    assert alerts == [{"version": "v2", "state": "resolved"}]
    # What is usual for the other version is a drift of one's own.
    day(store, 10, v1=20.0, v2=20.0)
    analyze(store, SAID, include_open=True)
    (alert,) = read(store, "select version, feature from alerts where state <> 'resolved'")
    assert alert == {"version": "v1", "feature": "x"}
    day(store, 11, v1=10.0, v2=10.0)
    analyze(store, SAID, include_open=True)
    last = read(store, DRIFT + "and window_start >= '2024-01-12' order by version")
    assert last == [{"version": "v1", "verdict": "ok"}, {"version": "v2", "verdict": "alert"}]


def test_another_reference_of_one_version_leaves_the_other_alone(store):
    """Set anew for the second, whose days are then usual; the first goes on with its own."""
    day(store, 0, 4, v1=10.0, v2=20.0)
    analyze(store, SAID, include_open=True)
    before = read(store, "select id from \"references\" where version = 'v1'")
    day(store, 4, v1=20.0, v2=30.0)
    modeltap(
        "reference",
        "set",
        "--store",
        store,
        "--model",
        "m",
        "--version",
        "v2",
        "--from",
        "2024-01-05",
        "--to",
        "2024-01-06",
        "--window",
        "1d",
        env={**os.environ, "MODELTAP_PER_VERSION": "true"},
    )
    day(store, 5, v1=20.0, v2=30.0)
    analyze(store, SAID, include_open=True)
    assert read(store, "select id from \"references\" where version = 'v1'") == before
    found = read(store, DRIFT + "and window_start >= '2024-01-06' order by version")
    assert found == [{"version": "v1", "verdict": "alert"}, {"version": "v2", "verdict": "ok"}]


WORDS = ("ab", "cd")
"""Two references whose bins are as many, and of other words: their sum would look right."""


def letters(count, words, seed):
    rng = np.random.default_rng(seed)
    return [{"c": str(word)} for word in rng.choice(list(words), count, p=[0.8, 0.2])]


def counted(store):
    """Return for each reference and length of window the counts of `c`, window by window."""
    found = {}
    for row in read(store, 'select * from "references"'):
        reference = Reference.from_json(row["payload"])
        own = layout(reference)["c"]
        sql = "select window, counts from windows where reference_id = ? order by window_start"
        windows = read(store, sql, row["id"])
        for one in windows:
            key = reference.by_name["c"].vocabulary, one["window"]
            found.setdefault(key, []).append(unpack(one["counts"])[own].tolist())
    return found


@pytest.fixture
def replaced(store):
    """Five days, counted by the hour under a reference of their first two and one of the last."""
    rows = letters(3 * DAY, WORDS[0], 1) + letters(2 * DAY, WORDS[1], 2)
    put(store, every(6, len(rows)), rows)
    said = {"window": "1h", "reference": "first 480 rows", "multivariate": False}
    analyze(store, said, include_open=True)
    modeltap(
        "reference",
        "set",
        "--store",
        store,
        "--model",
        "m",
        "--from",
        "2024-01-04T00:00:00",
        "--to",
        "2024-01-06",
        "--window",
        "1h",
    )
    analyze(store, said, include_open=True)
    return store, rows, said


def expected(store, rows, per):
    """Count the raw rows anew under each reference, so many a window."""
    found = {}
    for row in read(store, 'select payload from "references"'):
        reference = Reference.from_json(row["payload"])
        own = layout(reference)["c"]
        found[reference.by_name["c"].vocabulary] = [
            tally({"c": [r["c"] for r in part]}, len(part), reference).counts[own].tolist()
            for part in (rows[at : at + per] for at in range(0, len(rows), per))
        ]
    return found


def test_counts_under_another_reference_begin_anew(replaced):
    """Each hour under each reference, as if there were no other; no row twice, none left out."""
    store, rows, _ = replaced
    found, wanted = counted(store), expected(store, rows, 10)
    assert found == {(words, "1h"): windows for words, windows in wanted.items()}
    assert set(wanted) == {("a", "b"), ("c", "d")}
    assert wanted["a", "b"] != wanted["c", "d"]


def test_longer_windows_are_sums_under_one_reference(replaced):
    """Days made of hours: of those that were counted under the same reference alone."""
    store, rows, said = replaced
    analyze(store, {**said, "window": "1d"}, include_open=True)
    wanted = expected(store, rows, DAY)
    found = {
        words: windows for (words, window), windows in counted(store).items() if window == "1d"
    }
    assert found == {("c", "d"): wanted["c", "d"]}
    judged = read(
        store,
        "select distinct rows from metrics where window = '1d' "
        "and metric = 'missing_rate' and feature = 'c'",
    )
    assert judged == [{"rows": DAY}]


def test_late_rows_are_counted_under_the_reference_that_counts(replaced):
    """Those before it keep what they had."""
    store, _, said = replaced
    before = counted(store)
    put(store, every(6, 10, first=4 * 1440 + 3), letters(10, WORDS[1], 3), prefix="late")
    analyze(store, said, include_open=True)
    after = counted(store)
    assert after[("a", "b"), "1h"] == before[("a", "b"), "1h"]
    grown = np.array(after[("c", "d"), "1h"]) - np.array(before[("c", "d"), "1h"])
    assert grown.sum() == 10 and grown[96].sum() == 10


def test_an_earlier_reference_counts_again(store):
    """For what is judged from then on, or anew; nothing said against the other one is left."""
    day(store, 0, 5, v1=10.0)
    day(store, 5, 3, v1=12.0)
    analyze(store, SAID)
    later = DRIFT + "and in_reference = 0"
    judged = read(store, later)
    (before,) = read(store, 'select id from "references"')
    named = ("--store", store, "--model", "m", "--version", "v1")
    said = modeltap("reference", "set", *named, "--from", "2024-01-06", "--to", "2024-01-08")
    assert f"It replaces {before['id']}" in said
    analyze(store, SAID, again=True)
    assert read(store, later) != judged
    assert read(store, "select 1 from metrics where reference_id = ?", before["id"]) == []
    said = modeltap("reference", "use", before["id"][:8], "--store", store)
    assert before["id"] in said and "analyze --again" in said
    assert read(store, 'select id from "references" where active') == [before]
    analyze(store, SAID, again=True)
    assert read(store, later) == judged
    wrong = modeltap("reference", "use", "zzz", "--store", store, code=1)
    assert "no reference has the id 'zzz'" in wrong


def test_characters_of_a_named_file_that_were_replaced_are_logged(store, tmp_path, caplog):
    """Nobody sees the report of a command here."""
    path = tmp_path / "normal.csv"
    lines = "".join(f"{n % 17},größe\n" for n in range(300))
    path.write_bytes(b"x,unit\n" + lines.encode() + "1,weiß\n".encode("cp1252"))
    put(store, every(1, 200), [{"x": n % 17, "unit": "größe"} for n in range(200)])
    analyze(store, {"reference": str(path), "window": "100 rows"})
    assert "could not decode 1 character as utf-8" in caplog.text
