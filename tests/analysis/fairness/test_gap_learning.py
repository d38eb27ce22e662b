"""The gaps of the reference, and how much they vary."""

from __future__ import annotations

import json
from contextlib import closing

import numpy as np
import pytest

from modeltap.analysis.fairness.gap_learning import (
    ReferenceRows,
    gaps_of_file,
    key_of,
    learn_gaps,
    with_gaps,
)
from modeltap.analysis.fairness.groupings import grouping_of, with_intersections
from modeltap.analysis.fairness.treatment import decisions, outcomes
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.performance.positive_class import LabelForm
from modeltap.config import sources
from modeltap.config.group_settings import GroupSettings
from modeltap.store.connection import connect
from modeltap.store.references import active_reference
from stores import analyze, every, put

FORM = LabelForm()


def learn(predictions, labels, names, blocks):
    groupings = [grouping_of(GroupSettings(name=name), own) for name, own in names.items()]
    rows = ReferenceRows(
        with_intersections(groupings),
        decisions(predictions, FORM, None, None),
        outcomes(predictions, labels, FORM, None, None),
        np.array_split(np.arange(len(predictions)), blocks),
    )
    return learn_gaps(rows, "key", 3)


def test_rates_equal_those_of_the_rows_and_small_groups_are_left_out():
    rng = np.random.default_rng(0)
    predictions, labels = (rng.integers(0, 2, 1000).tolist() for _ in range(2))
    names = rng.choice(["a", "b", "c"], 1000, p=[0.6, 0.38, 0.02]).tolist()
    baseline = learn(predictions, labels, {"g": names}, 10)
    assert set(baseline.rates["g"]) == {"g=a", "g=b"} and baseline.newest_label == 3
    own = [p for p, name in zip(predictions, names, strict=True) if name == "a"]
    rate = baseline.of("g", "selection_rate")["g=a"]
    assert (rate.rows, rate.mean) == (len(own), pytest.approx(np.mean(own)))
    assert set(baseline.rates["g"]["g=a"]) == {
        *("selection_rate", "tpr", "fpr", "precision", "misclassification_rate"),
    }


def test_gaps_vary_only_if_they_do_beyond_chance():
    """Of a hundred references without variation, hardly any has one."""
    rng = np.random.default_rng(1)
    names = rng.choice(["a", "b"], 4000).tolist()

    def variation(swing):
        block = np.arange(4000) // 200
        shift = np.where(np.array(names) == "a", 1, -1) * swing * rng.choice([-1, 1], 20)[block]
        predictions = (rng.random(4000) < 0.4 + shift).astype(int).tolist()
        own = learn(predictions, [None] * 4000, {"g": names}, 20).variation
        return own.get("g", {}).get("selection_rate", 0.0)

    assert sum(variation(0.0) > 0 for _ in range(100)) <= 4
    assert variation(0.15) > 0.15


def test_gaps_are_learnt_once_and_again_with_other_settings(store):
    rows = [{"sex": "FM"[n % 2], "x": n % 7} for n in range(600)]
    responses = [json.dumps({"prediction": n % 3 % 2}) for n in range(600)]
    put(store, every(1, 600), rows, responses=responses)
    analyze(store, {"reference": "first 300 rows", "window": "100 rows"})
    settings = sources.load({"groups": ["sex"]}, environ={})
    with closing(connect(store)) as connection:
        row = active_reference(connection, "m", "")
        reference = Reference.from_json(row.payload)
        assert with_gaps(connection, reference, sources.load({}, environ={})) is reference
        learnt = with_gaps(connection, reference, settings)
        assert learnt.groups.key == key_of(settings) and learnt.id == reference.id
        assert sum(own["selection_rate"].rows for own in learnt.groups.rates["sex"].values()) == 300
        assert with_gaps(connection, learnt, settings) is learnt
        other = sources.load({"groups": ["sex", "x"]}, environ={})
        assert set(with_gaps(connection, learnt, other).groups.rates) == {"sex", "x", "sex,x"}
        connection.execute("delete from predictions where row >= 0")
        assert with_gaps(connection, learnt, other) is learnt


def test_a_reference_file_has_gaps_of_its_own_rows(tmp_path):
    """From its columns and a side table; a header is not in a file."""
    path = tmp_path / "people.csv"
    path.write_text("id,race\n" + "".join(f"{n},{'PQ'[n % 2]}\n" for n in range(100)))
    groups = [
        "sex",
        {"name": "race", "file": str(path), "key": "id"},
        {"name": "region", "header": "x-region"},
    ]
    settings = sources.load({"groups": groups}, environ={})
    columns = {
        "id": list(range(100)),
        "sex": ["F" if n < 40 else "M" for n in range(100)],
        "prediction": [int(n % 4 == 0) for n in range(100)],
    }
    baseline = gaps_of_file(settings, columns, [None] * 100, [float("nan")] * 100)
    assert baseline.of("sex", "selection_rate")["sex=F"].mean == 0.25
    assert baseline.of("race", "selection_rate")["race=P"].mean == 0.5
    assert set(baseline.rates) == {"sex", "race", "sex,race"}
    assert gaps_of_file(sources.load({}, environ={}), columns, [None] * 100, []) is None
