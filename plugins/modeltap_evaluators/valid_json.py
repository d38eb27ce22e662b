"""Valid JSON: the whole output is one JSON document, which a JSON Schema may describe."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from modeltap.config.evaluation.evaluator_settings import EvaluatorSettings
from modeltap.hookspecs import hookimpl
from modeltap.payload import EvaluatedOutput

_FENCE = re.compile(r"\s*(`{3,}|~{3,})[^\n`]*\n(.*?)\1\s*", re.DOTALL)
"""A block of Markdown that is the whole text, with any name of a language and any line ends."""

Check = Callable[[Any], bool]


@hookimpl
def score(
    evaluator: EvaluatorSettings, outputs: Sequence[EvaluatedOutput]
) -> list[bool | None] | None:
    """Return whether each output is valid; NaN and Infinity are not JSON (RFC 8259)."""
    if evaluator.kind != "json":
        return None
    matches = _schema_check(evaluator.schema)
    return [
        None if own.output is None else is_valid(own.output, matches, fenced=evaluator.fenced)
        for own in outputs
    ]


def is_valid(text: str, matches: Check, *, fenced: bool = False) -> bool:
    """Return whether a text is one JSON document that `matches`.

    Args:
        fenced: whether the document may be in a block of Markdown.

    >>> [is_valid(text, lambda _: True) for text in ('{"a": 1}', "{'a': 1}", "NaN")]
    [True, False, False]
    """
    block = _FENCE.fullmatch(text) if fenced else None
    try:
        document = json.loads(block[2] if block else text, parse_constant=_refuse)
        return matches(document)
    except (ValueError, RecursionError):
        return False


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _schema_check(schema: dict[str, Any] | str | None) -> Check:
    """Return the check of a schema; raise `ValueError` if it cannot be used."""
    if schema is None:
        return lambda _document: True
    try:
        import jsonschema
        from jsonschema_specifications import REGISTRY
    except ImportError:
        raise ValueError(
            "a schema needs jsonschema: run pip install 'modeltap[evaluators]'"
        ) from None
    document = _read(schema) if isinstance(schema, str) else schema
    kind = jsonschema.validators.validator_for(document)
    try:
        kind.check_schema(document)
    except jsonschema.SchemaError as error:
        place = "/".join(map(str, error.absolute_path)) or "its top level"
        raise ValueError(f"invalid schema: {error.message[:200]} at {place}") from None
    # This registry has no documents but the specifications: nothing is fetched.
    validator = kind(document, registry=REGISTRY)
    return lambda value: bool(validator.is_valid(value))


def _read(path: str) -> Any:
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"cannot read the schema {path!r}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"the schema {path!r} is not JSON: {error}") from None
