"""The values that a training is given, and the candidate that it returns."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

_CANDIDATE = re.compile(r"[a-z][a-z0-9+.-]*://\S+|(?:models|runs):/\S+|python:[\w.]+:[\w.]+")
"""A URL, of a server, a bucket or MLflow, or a function that `modeltap compare` can call."""


class TrainingRun(msgspec.Struct, frozen=True, kw_only=True):
    """The argument of a function that retrains a model.

    Args:
        id: the run's id.
        model: the model's name.
        data: the file with the labelled rows.
        artefact: a path, in a folder of the run's own, where the result may be written.
        store: the store's path.
        rows: the number of rows in `data`.
        reason: why the run was started.
        since, until: the event times of the rows, half-open; "" for all rows.
    """

    id: str
    model: str
    data: Path
    artefact: Path
    store: Path
    rows: int
    reason: str
    since: str = ""
    until: str = ""

    def variables(self) -> dict[str, str]:
        """Return the environment variables of a training."""
        return {
            "MODELTAP_RUN": self.id,
            "MODELTAP_MODEL": self.model,
            "MODELTAP_DATA": str(self.data),
            "MODELTAP_ARTEFACT": str(self.artefact),
            "MODELTAP_STORE": str(self.store),
            "MODELTAP_ROWS": str(self.rows),
            "MODELTAP_REASON": self.reason,
            "MODELTAP_SINCE": self.since,
            "MODELTAP_UNTIL": self.until,
        }

    def filled(self, word: str) -> str:
        """Return a word of a command with its placeholders replaced, once.

        A name in braces that a value contains is not replaced.
        """
        values = {"data": self.data, "model": self.model, "artefact": self.artefact}
        return re.sub(r"\{(data|model|artefact)\}", lambda match: str(values[match[1]]), word)


def run_from(environ: Mapping[str, str]) -> TrainingRun:
    """Return the run that the variables of a training describe."""
    return TrainingRun(
        id=environ["MODELTAP_RUN"],
        model=environ["MODELTAP_MODEL"],
        data=Path(environ["MODELTAP_DATA"]),
        artefact=Path(environ["MODELTAP_ARTEFACT"]),
        store=Path(environ["MODELTAP_STORE"]),
        rows=int(environ["MODELTAP_ROWS"]),
        reason=environ["MODELTAP_REASON"],
        since=environ["MODELTAP_SINCE"],
        until=environ["MODELTAP_UNTIL"],
    )


def artefact_of(last_line: str, run: TrainingRun) -> str | None:
    """Return the candidate of a run: what its last line names, or the file that it wrote.

    A last line that is neither an existing file, a URL nor ``python:module:function`` is part of
    the log.
    """
    named = candidate_named(last_line)
    return str(run.artefact) if named is None and _exists(run.artefact) else named


def candidate_named(text: str) -> str | None:
    """Return the candidate that a text names; None if it names none.

    >>> candidate_named("python:shop.models:predict"), candidate_named("s3://models/7")
    ('python:shop.models:predict', 's3://models/7')
    >>> candidate_named("trained in 3 s") is None
    True
    """
    text = text.strip()
    if _CANDIDATE.fullmatch(text):
        return text
    if text and len(text) < os.pathconf("/", "PC_PATH_MAX"):
        path = Path(text)
        if _exists(path):
            return str(path.absolute())
    return None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long, or has a NUL character
        return False
