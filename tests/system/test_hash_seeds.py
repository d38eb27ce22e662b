"""Python's hashes differ from process to process; what the analysis writes does not."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys

import numpy as np
import pytest

from stores import START, put, read

_ANALYZE = """
import sys
from modeltap.jobs.pipeline import Analyzer
from modeltap.store.connection import connect
store = sys.argv[1]
said = {"reference": "first 600 rows", "window": "300 rows",
        "features": {"code": {"allowed": list("qwertzuiop")}}}
Analyzer(store, connect(store), said).run()
"""

_WRITTEN = {
    "references": 'select id, payload from "references"',
    "samples": "select reference_id, exchange_id, row, coded from reference_rows order by 1, 2, 3",
    "windows": "select window_start, counts, extremes, fields, repeats from windows order by 1",
    "metrics": "select window_start, metric, feature, value, p_value, threshold, verdict, "
    "explanation, examples from metrics where metric not like 'latency%' order by 1, 2, 3",
    "alerts": "select rule, metric, feature, summary from alerts order by 1, 2, 3",
}


def rows(count):
    """Rows with more words, categories and fields than have a place, many of them as frequent."""
    rng = np.random.default_rng(0)
    words = [f"word{n}" for n in range(12_000)]
    return [
        {
            "text": " ".join(rng.choice(words, 40)) if n % 3 else " ".join(words[n : n + 60]),
            "city": f"city{rng.integers(400)}",
            "code": "qwertzuiop"[rng.integers(10)],
            "x": round(float(rng.normal(n // 600)), 3),
            "vector": rng.normal(size=3).round(3).tolist(),
            "list": {"a": int(rng.integers(5)), "b": bool(rng.integers(2))},
            **({f"new{n % 150}": n} if n >= 600 else {}),
        }
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """What an analysis in a process with each hash seed wrote into its store, by table."""
    found = {}
    for seed in ("0", "1"):
        store = tmp_path_factory.mktemp(seed) / "taps.db"
        put(store, [START + datetime.timedelta(minutes=n) for n in range(900)], rows(900))
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", _ANALYZE, store], check=True, env=environment)
        found[seed] = {name: read(store, query) for name, query in _WRITTEN.items()}
    return found


@pytest.mark.parametrize("table", _WRITTEN)
def test_no_hash_seed_changes_what_is_written(written, table):
    assert written["0"][table], "nothing to compare"
    assert written["0"][table] == written["1"][table]
