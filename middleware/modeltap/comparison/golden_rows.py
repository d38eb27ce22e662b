"""The rows of a golden set, as the rows of the current model."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from modeltap.analysis.fairness.group_reader import sources_of
from modeltap.analysis.fairness.groupings import grouping_of, with_intersections
from modeltap.analysis.model.baseline import is_unknown, number_of
from modeltap.analysis.performance.positive_class import LabelForm
from modeltap.comparison.aligned_outputs import ModelForm
from modeltap.comparison.candidates.candidate_outputs import RowId
from modeltap.comparison.compared_rows import GroupedKeys, RowFeatures
from modeltap.config import sources
from modeltap.config.settings import Settings
from modeltap.decoding.outputs import outputs_of, storable_output
from modeltap.errors import InputError
from modeltap.ingest.files.cell_values import row_number
from modeltap.ingest.files.source import Source, json_of, open_source
from modeltap.rows import columns
from modeltap.store.labelled_rows import LabelledPrediction
from modeltap.store.stored_exchanges import StoredExchange
from modeltap.wording import plural

_TASKS = ("classification", "regression")


class GoldenRows:
    """The rows of a golden set that `modeltap dataset` wrote, or that somebody wrote by hand.

    A line needs `id`, `prediction` and `label`; `features` for functions, slices and groups.

    Args:
        model: the model's name; None takes it from the file.

    Raises `InputError` if the file is missing, if no line can be used, if it is of another model,
    and if a row occurs twice with different values.
    """

    version = ""

    def __init__(self, path: str | Path, model: str | None = None) -> None:
        source = open_source(path)
        self._path = source.path
        self._lines = _read(source)
        self._broken = source.broken_count
        if not self._lines:
            first = f": {source.broken[0]}" if source.broken else ""
            raise InputError(
                f"{source.path.name!r} has no rows of a golden set{first}; `modeltap dataset` "
                "writes one"
            )
        self.model = self._model(model)

    def _model(self, model: str | None) -> str:
        names = {str(line["model"]) for line in self._lines.values() if line.get("model")}
        if model is not None and names and names != {model}:
            raise InputError(
                f"{self._path.name!r} is a golden set of {', '.join(map(repr, sorted(names)))}, "
                f"not of {model!r}"
            )
        if model is None and len(names) > 1:
            raise InputError(
                f"{self._path.name!r} has rows of several models: {', '.join(sorted(names))}"
            )
        return model or next(iter(names), "")

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines of the file without a row."""
        if not self._broken:
            return ()
        return (f"{plural(self._broken, 'line')} of {self._path.name!r} left out",)

    @cached_property
    def settings(self) -> Settings:
        """The settings of the model in the configuration file."""
        return sources.load(tolerant=True).for_model(self.model)

    @property
    def form(self) -> ModelForm:
        """The task and the positive class: of the settings, else of the file."""
        first, settings = next(iter(self._lines.values())), self.settings
        task = settings.task or (first.get("task") if first.get("task") in _TASKS else None)
        positive = first.get("positive") if settings.positive is None else settings.positive
        threshold = number_of(first.get("decision_threshold"))
        default = LabelForm().decision_threshold
        if settings.decision_threshold != default or not 0 < threshold < 1:
            threshold = settings.decision_threshold
        return ModelForm(task, LabelForm(positive, threshold))

    @cached_property
    def rows(self) -> Sequence[LabelledPrediction]:
        """The predictions and labels."""
        return [
            LabelledPrediction(
                storable_output(line.get("prediction")),
                storable_output(line.get("label")),
                line.get("event_time"),
                _score(line.get("score")),
                *key,
            )
            for key, line in self._lines.items()
        ]

    def own_ids(self, _ids: Collection[str], /) -> Mapping[str, str | None]:
        """Return nothing: a golden set has no other ids than its rows' own."""
        return {}

    def features(self, rows: Sequence[LabelledPrediction]) -> RowFeatures:
        """Return the features of those rows that have some."""
        keys = [(row.exchange_id, row.row) for row in rows]
        known = [key for key in keys if isinstance(self._lines[key].get("features"), dict)]
        return RowFeatures(known, columns([self._lines[key]["features"] for key in known]))

    @property
    def requests(self) -> list[StoredExchange]:
        """The requests, to be sent to a candidate; rows without one are not sent."""
        return [
            _exchange(place, own_id, self.model, line)
            for place, ((own_id, _), line) in enumerate(self._lines.items())
            if isinstance(line.get("request"), dict) and line["request"].get("path")
        ]

    def groups(self, rows: Sequence[LabelledPrediction]) -> GroupedKeys:
        """Return the groups that the settings name, and their intersections."""
        if not self.settings.groups:
            return GroupedKeys([], [])
        features = self.features(rows)
        named, problems = sources_of(self.settings)
        groupings = [
            grouping_of(
                group,
                named[group.name].of_columns(features.columns, len(features.keys)),
                problem=problems.get(group.name),
            )
            for group in self.settings.groups
            if group.name in named
        ]
        return GroupedKeys(features.keys, with_intersections(groupings))


_EMPTY = StoredExchange(*([None] * len(StoredExchange._fields)))  # type: ignore[arg-type]


def _exchange(place: int, own_id: str, model: str, line: Mapping[str, Any]) -> StoredExchange:
    """Return the request of a line as it was recorded."""
    request = line["request"]
    body = request.get("body")
    if isinstance(request.get("body_base64"), str):
        try:
            body = base64.b64decode(request["body_base64"], validate=True)
        except ValueError:
            raise InputError(f"request of {own_id!r}: body_base64 is not base64") from None
    headers = request.get("headers")
    return _EMPTY._replace(
        seq=place,
        id=own_id,
        model=model,
        version="",
        method=str(request.get("method") or "POST"),
        path=str(request["path"]),
        query=request.get("query"),
        request_body=body if isinstance(body, (str, bytes)) else None,
        request_type=request.get("content_type"),
        request_encoding=request.get("content_encoding"),
        request_headers=json.dumps(headers) if isinstance(headers, dict) else None,
        started_at=line.get("event_time") or "",
        event_time=line.get("event_time"),
    )


def _score(value: Any) -> float | None:
    number = number_of(value)
    return number if number == number else None


def _read(source: Source) -> dict[RowId, dict[str, Any]]:
    """Return the lines by id and row; note the other lines."""
    lines: dict[RowId, dict[str, Any]] = {}
    for number, text in source.lines():
        line = json_of(text)
        reason = _problem(line)
        if reason is not None:
            source.note(number, reason)
            continue
        key = (str(line["id"]), row_number(line.get("row")) or 0)
        before = lines.setdefault(key, line)
        if before is not line and not _is_same(before, line):
            raise InputError(
                f"{source.path.name!r} line {number}: row {key[1]} of {key[0]!r} occurs twice with "
                "different values; keep one of them"
            )
    return lines


def _is_same(line: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(line.get(name) == other.get(name) for name in ("prediction", "label", "features"))


def _problem(line: Any) -> str | None:
    """Return why a line cannot be used; None if it can."""
    if not isinstance(line, dict):
        return "not a JSON object"
    if is_unknown(line.get("id")) or isinstance(line["id"], (dict, list, bool)):
        return "no id"
    if row_number(line.get("row")) is None:
        return "row is not a row number"
    if isinstance(line.get("label"), dict) and outputs_of(line.get("prediction")) is None:
        return "a label of several outputs for one prediction"
    return None
