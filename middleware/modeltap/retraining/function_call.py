"""The process in which a Python function retrains a model: ``module:function`` is its argument.

The last line of its standard output is the candidate that the function returned.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from modeltap.errors import InputError, ModeltapError, nearest
from modeltap.output import echo
from modeltap.retraining.training_run import TrainingRun, candidate_named, run_from

_RETURN = "return a candidate (a file, a URL or 'python:module:function'), or None"


def main() -> None:
    """Call the function with the run that the environment describes."""
    sys.path.insert(0, str(Path.cwd()))  # where the user's module usually is
    try:
        result = call(sys.argv[1], run_from(os.environ))
    except ModeltapError as error:
        echo(str(error), err=True)
        sys.exit(1)
    except Exception as error:
        # The last line is the reason of the run: that of a message of several lines is not.
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        echo(*traceback.format_exc().splitlines(), reason, err=True)
        sys.exit(1)
    if result:
        echo(result)


def call(place: str, run: TrainingRun) -> str:
    """Call ``module:function`` with `run`; return the candidate, "" for none.

    Raises `InputError` if there is no such function, or if it returned something else. Exceptions
    of the function itself are not caught.
    """
    result = function_at(place)(run)
    if result is None:
        return ""
    if not isinstance(result, (str, Path)):
        raise InputError(f"{place} returned an object of type {type(result).__name__}; {_RETURN}")
    if result != "" and candidate_named(str(result)) is None:
        raise InputError(f"{place} returned {str(result)!r}, and there is no such file; {_RETURN}")
    return str(result)


def function_at(place: str) -> Callable[[TrainingRun], Any]:
    """Return the function at ``module:function``; raise `InputError` if there is none."""
    module_name, _, name = place.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise  # the module exists; something that it imports does not
        raise InputError(
            f"no module {module_name!r}; start modeltap in its folder, or set PYTHONPATH"
        ) from None
    target: Any = module
    for part in name.split("."):
        if not hasattr(target, part):
            names = [own for own in vars(target) if not own.startswith("_")]
            raise InputError(
                f"module {module_name!r} has no function {name!r}{nearest(part, names)}"
            )
        target = getattr(target, part)
    if not callable(target):
        raise InputError(f"{place} is a {type(target).__name__}, not a function")
    return target  # type: ignore[no-any-return]


if __name__ == "__main__":
    main()
