"""The group of each row: from a field, a header or a file, or the reason why it has none."""

from __future__ import annotations

import json

import pytest

from modeltap.analysis.fairness.group_values import GroupSource, NoGroup, values_of
from modeltap.config import sources
from modeltap.decoding.row_batch import Batch
from modeltap.errors import InputError
from modeltap.rows import row_type


def batch_of(rows):
    return Batch(ids=[f"e{n}" for n in range(len(rows))], row_numbers=[0] * len(rows), rows=rows)


def groups_of(rows, headers=None, options=None, **group):
    settings = sources.load({"groups": [{"name": "g", **group}], **(options or {})}, environ={})
    source = GroupSource(settings.groups[0], settings)
    names = source.of_batch(batch_of(rows), headers or {})
    return [name.reason if isinstance(name, NoGroup) else name for name in names]


def test_values_of_any_type_have_names():
    """Numbers and texts of numbers are one group; values without a name have a reason."""
    values = ["F", " F", 1, "1", 1.0, True, None, "", float("nan"), [1], {"a": 1}, "[masked]"]
    assert groups_of([{"g": value} for value in values]) == [
        *("F", "F", "1", "1", "1", "true"),
        *["without a value"] * 3,
        *["with an object or a list as value"] * 2,
        "with a masked value",
    ]
    assert groups_of([{"g": "x" * 100}]) == ["x" * 59 + "…"]
    codes = {"missing_values": [-999]}
    assert groups_of([{"g": -999}, {"g": 1}], options=codes) == ["without a value", "1"]


def test_numbers_are_in_bins():
    rows = [{"g": value} for value in (24.9, 25, "44", 65, "old", None)]
    assert groups_of(rows, bins=[25, 45, 65]) == [
        "under 25",
        "25 to 45",
        "25 to 45",
        "65 and over",
        "without a number",
        "without a value",
    ]


def test_a_field_may_be_inside_an_object_and_have_another_name():
    assert groups_of([{"user": {"sex": "F"}}, {"user": {}}], feature="user.sex") == [
        "F",
        "without a value",
    ]
    kind = row_type([{"sex": "F", "x": 1}, {"x": 2}])
    rows = [kind("F"), kind("M"), {"sex": "F"}]
    own = [kind(**{kind.__struct_fields__[0]: 1, kind.__struct_fields__[1]: "F"})]
    assert values_of(batch_of(own), "sex") == ["F"]
    assert len(values_of(batch_of(rows), "nothing")) == 3


def test_a_header_is_read_without_regard_to_case():
    headers = {"e0": json.dumps({"x-region": "north"}), "e1": None}
    assert groups_of([{}, {}], headers, header="X-Region") == ["north", "without the header"]


def test_a_side_table_has_groups_by_key_or_by_exchange(tmp_path):
    """Ids that are missing from the table or unclear in it have a reason of their own."""
    path = tmp_path / "people.csv"
    path.write_text("id,g\n1,F\n2,M\n2,F\ne0,M\n")
    rows = [{"id": 1}, {"id": "1"}, {"id": 2}, {"id": 3}, {"id": None}]
    assert groups_of(rows, file=str(path), key="id") == [
        "F",
        "F",
        "with several values in 'people.csv'",
        "not in 'people.csv'",
        "without a key",
    ]
    assert groups_of([{"x": 1}, {"x": 2}], file=str(path), key="id") == ["M", "not in 'people.csv'"]


def test_a_hashed_group_keeps_its_value_out_of_the_store(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("id,g\n1,F\n2,M\n3,F\n")
    rows = [{"id": number} for number in (1, 2, 3)]
    options = {"mask_key": "a key of sixteen characters"}
    first, second, third = groups_of(rows, file=str(path), key="id", hashed=True, options=options)
    assert first == third != second and first.startswith("[hash:") and "F" not in first
    with pytest.raises(InputError, match="mask_key"):
        groups_of(rows, file=str(path), key="id", hashed=True)
