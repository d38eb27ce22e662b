"""Calling a user's function: which is missing, and what it returns."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from modeltap.errors import InputError
from modeltap.retraining import function_call
from modeltap.retraining.function_call import call, function_at
from modeltap.retraining.training_run import TrainingRun

SOURCE = """
class Trainers:
    @staticmethod
    def train(run):
        return run.artefact

def none(run): pass
def number(run): return 0.9
def bucket(run): return "s3://models/7"
def absent(run): return "models/absent.csv"
def version(run): return "v1.4"
def several(run): raise ValueError("3 problems:\\n- price\\n- size")
_private = 1
def fails(run): raise KeyError("price")
CONSTANT = 3
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    (tmp_path / "own_trainers.py").write_text(SOURCE)
    (tmp_path / "own_broken.py").write_text("import a_library_that_is_not_installed")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "own_trainers", raising=False)
    return TrainingRun(
        id="1",
        model="m",
        data=Path("rows.csv"),
        artefact=tmp_path / "artefact",
        store=Path("taps.db"),
        rows=7,
        reason="by hand",
    )


def test_a_path_or_nothing_is_returned(run):
    run.artefact.write_text("model")
    assert call("own_trainers:Trainers.train", run) == str(run.artefact)
    assert call("own_trainers:bucket", run) == "s3://models/7"
    assert call("own_trainers:none", run) == ""


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("own_trainer:none", "no module 'own_trainer'"),
        ("own_trainers.deeper:none", "no module 'own_trainers.deeper'"),
        ("own_trainers:noen", "did you mean 'none'"),
        ("own_trainers:Trainers.fit", "has no function 'Trainers.fit'"),
        ("own_trainers:CONSTANT", "is a int, not a function"),
        ("own_trainers:qqqq", "available: CONSTANT, Trainers, absent"),
        ("own_trainers:number", "returned an object of type float; return a candidate"),
        ("own_trainers:absent", "returned 'models/absent.csv', and there is no such file; return"),
        ("own_trainers:version", "returned 'v1.4', and there is no such file; return a candidate"),
        ("own_trainers:Trainers.train", "artefact', and there is no such file; return a candidate"),
    ],
)
def test_mistakes_are_one_line_errors(run, place, message):
    with pytest.raises(InputError, match=message):
        call(place, run)


def test_the_function_s_own_errors_keep_their_traceback(run):
    """Also those of a library that its module imports."""
    with pytest.raises(KeyError):
        call("own_trainers:fails", run)
    with pytest.raises(ModuleNotFoundError, match="a_library_that_is_not_installed"):
        function_at("own_broken:train")


@pytest.mark.parametrize(
    ("name", "last"),
    [("fails", "KeyError: 'price'"), ("several", "ValueError: 3 problems: - price - size")],
)
def test_the_last_line_of_an_exception_has_its_type_and_message(
    run, name, last, monkeypatch, capsys
):
    """The reason of a failed run is the last line of its log."""
    monkeypatch.setattr(sys, "argv", ["function_call", f"own_trainers:{name}"])
    monkeypatch.setattr(function_call, "run_from", lambda _: run)
    with pytest.raises(SystemExit):
        function_call.main()
    printed = capsys.readouterr().err
    assert printed.splitlines()[-1] == last and "Traceback" in printed
