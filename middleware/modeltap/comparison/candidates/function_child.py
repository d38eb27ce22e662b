"""The child process that calls a candidate's function.

It reads the function's name and the features from standard input, and writes one line of JSON.
What the function itself prints goes to standard error.
"""

from __future__ import annotations

import importlib
import os
import pickle
import sys
from pathlib import Path
from typing import Any

from modeltap.comparison.candidates.function_outputs import Predict, outputs_from
from modeltap.errors import InputError, nearest
from modeltap.export.json_text import json_text


def main() -> None:
    """Call the function, and write its predictions or the reason why there are none."""
    answers = os.dup(1)
    os.dup2(2, 1)  # what the function prints
    module, function, features, rows = pickle.load(sys.stdin.buffer)
    sys.path.insert(0, str(Path.cwd()))  # as `python -m` has it
    try:
        outputs = outputs_from(imported(module, function), features, rows)
        answer: dict[str, Any] = outputs._asdict()
    except InputError as error:
        answer = {"error": " ".join(str(error).split())}
    with os.fdopen(answers, "w", encoding="utf-8") as stream:
        stream.write(json_text(answer))


def imported(module: str, function: str) -> Predict:
    """Return a module's function; raise `InputError` if there is none.

    >>> imported("math", "sqrt")(9.0)
    3.0
    """
    try:
        owner = importlib.import_module(module)
    except (Exception, SystemExit) as error:
        raise InputError(
            f"cannot be imported: {type(error).__name__}: {error}; run the "
            f"command in the folder of {module!r}"
        ) from error
    predict = getattr(owner, function, None)
    if predict is None:
        names = [name for name in vars(owner) if not name.startswith("_")]
        raise InputError(f"does not exist in {module!r}{nearest(function, names)}")
    if not callable(predict):
        raise InputError(f"is a {type(predict).__name__}, not a function")
    return predict  # type: ignore[no-any-return]


if __name__ == "__main__":
    main()
