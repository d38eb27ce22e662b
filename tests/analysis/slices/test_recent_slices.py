"""The worst slices of a version's newest labelled rows."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np

from modeltap.analysis.slices.recent_slices import recent_slices
from modeltap.config.settings import Settings
from modeltap.store.connection import connect
from modeltap.store.labels import Label, insert_labels
from stores import analyze, every, put


def test_only_the_newest_rows_are_searched(store):
    """The first half has another bad carrier, and the report says that rows were left out."""
    rng = np.random.default_rng(1)
    carriers = rng.choice(["EV", "UA", "B6"], 2000).tolist()
    bad = ["UA"] * 1000 + ["EV"] * 1000
    is_bad = [carrier == own for carrier, own in zip(carriers, bad, strict=True)]
    wrong = rng.random(2000) < np.where(is_bad, 0.6, 0.05)
    labels = rng.integers(0, 2, 2000)
    responses = [json.dumps({"prediction": int(n ^ w)}) for n, w in zip(labels, wrong, strict=True)]
    put(store, every(1, 2000), [{"carrier": c} for c in carriers], responses=responses)
    with closing(connect(store)) as connection:
        own = [Label(f"r{n}", 0, int(label)) for n, label in enumerate(labels)]
        insert_labels(connection, own, source="test")
    analyze(store, {})
    with closing(connect(store)) as connection:
        recent = recent_slices(connection, Settings(), "m", "", most_rows=1000)
        assert [own.name for own in recent.report.slices] == ["carrier = EV"]
        assert (recent.is_limited, recent.report.rows) == (True, 1000)
        assert not recent_slices(connection, Settings(), "m", "").is_limited
