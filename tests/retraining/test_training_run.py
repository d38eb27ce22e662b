"""Inputs of a training, and the candidate that its last line or its file names."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from modeltap.retraining.training_run import TrainingRun, artefact_of, run_from


@pytest.fixture
def run(tmp_path):
    return TrainingRun(
        id="1",
        model="m {data}",
        data=Path("rows.csv"),
        artefact=tmp_path / "artefact",
        store=Path("taps.db"),
        rows=7,
        reason="by hand",
    )


def test_variables_describe_the_run(run):
    """A function's process reads the run from them."""
    assert run_from(run.variables()) == run


def test_placeholders_are_replaced_once(run):
    """Braces in a model's name, which may come from a client, stay."""
    assert run.filled("{model}:{data}") == "m {data}:rows.csv"


@pytest.mark.parametrize(
    "line",
    [
        "https://models.example.org/7",
        "http://127.0.0.1:8000",
        "python:training:predict",
        "s3://bucket/model.pkl",
        "models:/flights/3",
    ],
)
def test_urls_and_functions_are_candidates(run, line):
    assert artefact_of(f"  {line}\n", run) == line


@pytest.mark.parametrize(
    "line", ["", "done", "epoch 3: loss 0.1", "see s3://b/m", "a\0b", "x" * 10_000, "~/m"]
)
def test_any_other_last_line_is_part_of_the_log(run, line):
    """Then the file that was written is the candidate, if there is one."""
    assert artefact_of(line, run) is None
    run.artefact.write_text("model")
    assert artefact_of(line, run) == str(run.artefact)


def test_an_existing_file_is_a_candidate(run):
    Path("predictions.csv").write_text("id,prediction\n")
    assert artefact_of("predictions.csv", run) == str(Path("predictions.csv").absolute())
    assert artefact_of("predictions.csv", msgspec.structs.replace(run, model="x")) is not None
