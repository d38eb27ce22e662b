"""Rows as evaluators receive them: prompt, output as text, other fields."""

from __future__ import annotations

from modeltap.analysis.evaluators.evaluated_outputs import evaluated_outputs, of_field
from modeltap.decoding.row_batch import Batch


def test_a_row_has_its_prompt_its_output_and_its_fields():
    batch = Batch(
        ids=["a", "b"],
        row_numbers=[0, 1],
        rows=[{"prompt": "hi", "system": "be brief"}, {"query": {"q": 1}}],
        predictions=["hello", {"price": 1.5}],
        answers=[{"finish_reason": "stop"}, None],
    )
    first, second = evaluated_outputs(batch)
    assert (first.id, first.row, first.prompt, first.output) == ("a", 0, "hi", "hello")
    assert first.fields["system"] == "be brief" and first.fields["finish_reason"] == "stop"
    assert (second.prompt, second.output) == ('{"q": 1}', '{"price": 1.5}')
    assert [own.output for own in of_field([first, second], "finish_reason")] == ["stop", None]


def test_without_further_fields_there_are_those_of_the_input():
    batch = Batch(ids=["a"], row_numbers=[0], rows=[{"x": 1}], predictions=[None])
    (own,) = evaluated_outputs(batch)
    assert (own.prompt, own.output, own.fields) == (None, None, {"x": 1})
