"""A batch of rows as columns: names that stand twice, and names that are rare."""

from __future__ import annotations

from modeltap.decoding.row_batch import Batch


def test_an_answers_field_with_a_features_name_has_one_of_its_own():
    """A batch without that feature uses the prefix if the reference has it."""
    both = Batch(rows=[{"age": 1}], answers=[{"age": 99, "b": 2}], predictions=[None])
    assert both.columns() == {"age": [1], "answer.age": [99], "b": [2]}
    single = Batch(rows=[{"x": 1}], answers=[{"age": 99}], predictions=[None])
    assert single.columns() == {"x": [1], "age": [99]}
    assert single.columns(both.columns()) == {"x": [1], "answer.age": [99]}


def test_a_reference_learns_the_names_that_are_usual():
    """Answers may hold ids as names, new in each; what a reference knows is counted always."""
    answers = [{"took": n, **{f"k{n}.{place}": 1 for place in range(20)}} for n in range(500)]
    batch = Batch(rows=[{"x": 1.0}] * 500, answers=answers)
    columns = batch.columns()
    assert columns.keys() == {"x", "took"}
    assert "k499.19" not in columns and "k499.19" in batch.columns(["k499.19"])
