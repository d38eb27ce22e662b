"""A reference whose groups' rates have been learnt is saved once."""

from __future__ import annotations

import json
from contextlib import closing

from modeltap.analysis.model.reference import Reference
from modeltap.analysis.relearning.saved_gaps import with_saved_gaps
from modeltap.config import sources
from modeltap.store.connection import connect
from modeltap.store.references import active_reference
from stores import analyze, every, put


def test_it_is_saved_under_its_id(store):
    rows = [{"sex": "FM"[n % 2], "x": n % 7} for n in range(400)]
    responses = [json.dumps({"prediction": n % 3 % 2}) for n in range(400)]
    put(store, every(1, 400), rows, responses=responses)
    analyze(store, {"reference": "first 300 rows", "window": "100 rows"})
    settings = sources.load({"groups": ["sex"]}, environ={})
    with closing(connect(store)) as connection:
        row = active_reference(connection, "m", "")
        learnt = with_saved_gaps(connection, Reference.from_json(row.payload), settings)
        again = active_reference(connection, "m", "")
        assert again.id == row.id and Reference.from_json(again.payload).groups == learnt.groups
        assert with_saved_gaps(connection, learnt, settings) is learnt
