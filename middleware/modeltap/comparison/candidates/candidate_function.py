"""A Python function as a candidate: it predicts rows in a child process, within a time limit.

``python:module:function`` names it. The child is a process of its own because the function may
raise, block or end the process; the working directory is on its import path.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from modeltap import interpreter
from modeltap.analysis.model.baseline import is_unknown, number_of
from modeltap.comparison.candidates.candidate_outputs import (
    CandidateOutput,
    CandidateOutputs,
    RowId,
)
from modeltap.comparison.candidates.function_outputs import (
    FunctionOutputs,
    Predict,
    feature_arrays,
    outputs_from,
)
from modeltap.errors import InputError

PREFIX = "python:"

TIMEOUT_SECONDS = 300.0
"""A time limit for predicting at most 100,000 rows."""

_CHILD = "modeltap.comparison.candidates.function_child"

_NO_PREDICTION = "candidate rows without a prediction"


def run_function(
    target: str,
    keys: Sequence[RowId],
    columns: Mapping[str, Sequence[Any]],
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> CandidateOutputs:
    """Return the predictions of ``python:module:function`` for n rows, from a child process.

    Args:
        keys: (n,) the rows.
        columns: (n,) values of each feature.

    Raises `InputError` if the name is not of this form, if the function cannot be imported, raises
    or takes too long, and if it does not return n predictions.
    """
    module, _, function = target.removeprefix(PREFIX).partition(":")
    if not module or not function:
        raise InputError(
            f"candidate {target!r} names no function; write python:module:function, such as "
            "python:my_model:predict"
        )
    message = pickle.dumps((module, function, feature_arrays(columns), len(keys)))
    answer = _answer(target, message, timeout_seconds)
    if "error" in answer:
        raise InputError(f"candidate {target} {answer['error']}")
    return _outputs(target, keys, FunctionOutputs(**answer))


def call_function(
    function: Predict, keys: Sequence[RowId], columns: Mapping[str, Sequence[Any]]
) -> CandidateOutputs:
    """Return the predictions of a callable for n rows, in this process and without a time limit.

    Raises `InputError` if it raises, and if it does not return n predictions.
    """
    name = getattr(function, "__name__", type(function).__name__)
    try:
        return _outputs(name, keys, outputs_from(function, feature_arrays(columns), len(keys)))
    except InputError as error:
        raise InputError(f"candidate {name} {error}") from error


def _outputs(name: str, keys: Sequence[RowId], own: FunctionOutputs) -> CandidateOutputs:
    scores = own.scores or [None] * len(keys)
    by_row = {
        key: CandidateOutput(prediction, None if is_unknown(score) else number_of(score))
        for key, prediction, score in zip(keys, own.predictions, scores, strict=True)
        if not is_unknown(prediction)
    }
    outputs = CandidateOutputs(name, by_row)
    if len(by_row) < len(keys):
        outputs.left_out[_NO_PREDICTION] = len(keys) - len(by_row)
    if not by_row:
        raise InputError(f"candidate {name} returned no prediction: all of them are None or NaN")
    return outputs


def _answer(target: str, message: bytes, timeout_seconds: float) -> dict[str, Any]:
    """Return the child's answer; raise `InputError` if it has none."""
    child = subprocess.Popen(
        interpreter.command(_CHILD),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=interpreter.environment(),
        start_new_session=True,  # so that processes of the function end with it
    )
    try:
        output, errors = child.communicate(message, timeout=timeout_seconds)
    except subprocess.TimeoutExpired:
        raise InputError(
            f"candidate {target} did not return within {timeout_seconds:g} s and was ended; give "
            "it more time with --timeout, or compare fewer rows with --since"
        ) from None
    finally:
        _end(child)
    if child.returncode != 0 or not output:
        code = child.returncode
        how = f"signal {-code}" if code < 0 else f"code {code}"
        lines = errors.decode("utf-8", "replace").strip().splitlines() or ["without a message"]
        raise InputError(f"candidate {target} ended its process ({how}): {lines[-1]}")
    answer: dict[str, Any] = json.loads(output)
    return answer


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child and the processes it has started."""
    with suppress(ProcessLookupError):  # all have ended
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()
