"""A reference without a value keeps its id, its windows and its verdicts."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from contextlib import closing

import numpy as np
import pytest

from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.fit import fit
from modeltap.erasing.erased_rows import OwnValues
from modeltap.erasing.learnt_values import (
    ErasedValues,
    erase_learnt,
    segment_without,
    stored_references,
    without,
)
from modeltap.privacy.erase import Subject
from modeltap.store.connection import connect, writing
from stores import analyze, every, put, read

ANN = "ann-7f3e"
ROWS = 900


def own(**columns):
    return {name: OwnValues(numbers=Counter(dict.fromkeys(v, 1))) for name, v in columns.items()}


def test_it_keeps_its_id_until_its_bins_are_learnt_again():
    """Its counts stay valid; a reference of another version has another id."""
    from msgspec.structs import replace

    before = fit({"user": [ANN, "bob"] * 50, "x": list(range(100))}, 100, model="m")
    after = without(before, ErasedValues([Subject("user", ANN)], {}))
    again = Reference.from_json(after.to_json())
    assert after.id == again.id == before.id and ANN not in after.to_json()
    assert replace(again, version="2").id != before.id
    twice = without(again, ErasedValues([Subject("user", "bob")], {}))
    assert twice.id == before.id and "bob" not in twice.to_json()
    assert replace(again, features=again.features[:1]).id != before.id


def test_a_reference_without_the_value_does_not_change():
    reference = fit({"user": ["bob", "cy"] * 50}, 100, model="m")
    assert without(reference, ErasedValues([Subject("user", ANN)], {})) is reference
    assert without(reference, ErasedValues([Subject("city", "bob")], {})) is reference


def test_classes_that_only_erased_rows_have():
    """A class of others stays, though the person had it."""
    pairs = (("ann wins", "ann wins", 2), ("no", "ann wins", 1), ("no", "no", 9))
    baseline = Baseline(task="classification", rows=12, mean=0.9, variance=0.1, pairs=pairs)
    reference = fit({"x": [1.0, 2.0]}, 2, model="m", performance=baseline)
    words = OwnValues(words=Counter({"ann wins": 3, "no": 1}))
    changed = without(reference, ErasedValues([], {"prediction": words}))
    assert changed.performance is not None and changed.performance.counts == {
        ("[erased]", "[erased]"): 2,
        ("no", "[erased]"): 1,
        ("no", "no"): 9,
    }


@pytest.fixture
def learnt(store):
    """A store with a reference and windows, in which Ann's income is the largest."""
    rows = [{"user": "bob", "income": 1000.0 + n % 97} for n in range(ROWS)]
    for n in range(0, ROWS, 30):
        rows[n] = {"user": ANN, "income": 1234567.25}
    rows[-1] = {"user": "bob", "income": 1001.0, f"of {ANN}": 1}
    put(store, every(5, ROWS), rows)
    analyze(store, {"window": "1d", "reference": "first 576 rows", "multivariate": False})
    analyze(store, {"window": "1d", "reference": "first 576 rows"}, include_open=True)
    return store


def extremes(store):
    windows = read(store, "select extremes, fields from windows order by window_start")
    return [np.frombuffer(zlib.decompress(row["extremes"])).tolist() for row in windows], [
        json.loads(row["fields"])["new"] for row in windows
    ]


def test_extremes_of_windows_enclose_the_value_without_revealing_it(learnt):
    before, names = extremes(learnt)
    assert any(1234567.25 in ends for ends in before) and {f"of {ANN}": 1} in names
    erased = ErasedValues([Subject("user", ANN)], own(income=[1234567.25]))
    with closing(connect(learnt)) as connection:
        with writing(connection):
            erase_learnt(connection, "m", erased)
        (reference,) = stored_references(connection, "m")
    after, names = extremes(learnt)
    high = reference.by_name["income"].high
    for old, new in zip(before, after, strict=True):
        assert [high if value == 1234567.25 else value for value in old] == new
    assert high > 1234567.25 and {"of [erased]": 1} in names


def test_other_models_are_not_touched(learnt):
    before = read(learnt, 'select * from "references"'), extremes(learnt)
    with closing(connect(learnt)) as connection, writing(connection):
        erase_learnt(connection, "n", ErasedValues([Subject("user", ANN)], {}))
    assert (read(learnt, 'select * from "references"'), extremes(learnt)) == before


@pytest.mark.parametrize(
    ("segment", "erased"),
    [
        ("user = ann-7f3e", "user = [erased]"),
        ("hour >= 18 and user = ann-7f3e", "hour >= 18 and user = [erased]"),
        (
            "x is missing and user = 'ann-7f3e' and a = 1",
            "x is missing and user = [erased] and a = 1",
        ),
        ("user = 'bob and ann-7f3e'", "user = 'bob and ann-7f3e'"),
        ("user=ann-7f3e,race=2", "user=[erased],race=2"),
    ],
)
def test_slices_and_groups_that_are_named_by_the_value(segment, erased):
    assert segment_without(segment, [Subject("user", ANN)]) == erased
