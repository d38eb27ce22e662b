"""``[[models.NAME.evaluators]]``: checks of single outputs, such as valid JSON or a length."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from modeltap.config.reading.value_types import struct_of
from modeltap.config.validation import FUNCTION_NAME, OWN_NAME, entries_of, refuse_unknown
from modeltap.errors import ConfigError, nearest

EVALUATOR_KINDS = (
    "json",
    "length",
    "banned_words",
    "regex",
    "language",
    "refusal",
    "overlap",
    "python",
)
"""The built-in kinds. A plugin's kind has a dot, as in ``acme.toxicity``."""

_PLUGIN_KIND = r"[a-z][\w-]*(\.[\w-]+)+"
_LANGUAGE = r"[a-z]{2,3}"

_MOST_EVALUATORS = 50
"""All evaluators of a model share one level, and each has a row in every report."""


class EvaluatorSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An evaluator: its name, its kind and the parameters of the kind.

    An output passes or fails. A kind that gives numbers (`length`, `overlap`, `python`) passes from
    `min` to `max`; without both the mean is reported only. `sample` is the most outputs of a window
    that are evaluated, `target` a fraction of outputs that must pass.
    """

    name: str
    kind: str
    sample: int = 1000
    target: float | None = None
    field: str | None = None
    min: float | None = None
    max: float | None = None
    unit: Literal["characters", "words"] = "characters"
    schema: dict[str, Any] | str | None = None
    fenced: bool = False
    words: tuple[str, ...] = ()
    pattern: str | None = None
    match: Literal["present", "absent"] = "present"
    languages: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    function: str | None = None
    options: dict[str, Any] = {}


_OF_KIND: dict[str, tuple[str, ...]] = {
    "json": ("schema", "fenced"),
    "length": ("min", "max", "unit"),
    "banned_words": ("words",),
    "regex": ("pattern", "match"),
    "language": ("languages",),
    "refusal": ("words",),
    "overlap": ("min", "max", "context"),
    "python": ("min", "max", "function"),
}
"""The parameters that each kind has."""

_COMMON = ("name", "kind", "sample", "target", "field")

_OF_PLUGINS = ("min", "max", "options")

_REQUIRED = {
    "banned_words": ("words", "must list at least one word"),
    "regex": ("pattern", "must be a regular expression"),
    "language": ("languages", "must list at least one language, such as 'en'"),
    "python": ("function", "must be MODULE:FUNCTION, such as 'bot.checks:is_polite'"),
}


def parse_evaluators(entries: object, where: str = "evaluators") -> tuple[EvaluatorSettings, ...]:
    """Parse a list of tables; raise `ConfigError` if one is invalid.

    >>> [own.name for own in parse_evaluators([{"name": "short", "kind": "length", "max": 500}])]
    ['short']
    >>> parse_evaluators([{"name": "short", "kind": "lenght", "max": 500}])
    Traceback (most recent call last):
    modeltap.errors.ConfigError: evaluators: kind = 'lenght' of 'short' is invalid; did you mean \
'length'? A plugin's kind has a dot, as in 'acme.toxicity'
    """
    evaluators = tuple(_parsed(entry, where) for entry in entries_of(entries))
    names = [own.name for own in evaluators]
    for own in evaluators:
        _check_evaluator(own, where)
        if names.count(own.name) > 1:
            raise ConfigError(f"{where}: two evaluators are called {own.name!r}; rename one")
    if len(evaluators) > _MOST_EVALUATORS:
        raise ConfigError(
            f"{where}: {len(evaluators)} evaluators are listed; at most {_MOST_EVALUATORS} are"
        )
    return evaluators


def _parsed(entry: object, where: str) -> EvaluatorSettings:
    if isinstance(entry, EvaluatorSettings):
        return entry
    if not isinstance(entry, Mapping):
        raise ConfigError(
            f"{where}: {entry!r} is invalid: must be a table such as "
            "{name = 'short', kind = 'length', max = 500}"
        )
    refuse_unknown(entry, EvaluatorSettings.__struct_fields__, where)
    table = dict(entry)
    for name in ("words", "languages", "context"):
        if isinstance(table.get(name), str):
            table[name] = [table[name]]
    return struct_of(table, EvaluatorSettings, where)


def _check_evaluator(own: EvaluatorSettings, where: str) -> None:
    def check(valid: bool, option: str, requirement: str) -> None:
        if not valid:
            value = getattr(own, option)
            of = "" if option == "name" else f" of {own.name!r}"
            raise ConfigError(f"{where}: {option} = {value!r}{of} is invalid: {requirement}")

    check(
        re.fullmatch(OWN_NAME, own.name) is not None,
        "name",
        "must have lower-case letters, digits and _ only, and begin with a letter",
    )
    _check_kind(own, where)
    check(own.sample >= 1, "sample", "must be a number of outputs, at least 1")
    check(own.target is None or 0 < own.target < 1, "target", "must be a fraction between 0 and 1")
    for option in ("min", "max"):
        limit = getattr(own, option)
        check(limit is None or math.isfinite(limit), option, "must be a finite number")
    if own.min is not None and own.max is not None:
        check(own.min <= own.max, "min", f"must be at most max, which is {own.max:g}")
    _check_parameters(own, check)


def _check_kind(own: EvaluatorSettings, where: str) -> None:
    if own.kind not in EVALUATOR_KINDS and not re.fullmatch(_PLUGIN_KIND, own.kind):
        hint = nearest(own.kind, EVALUATOR_KINDS).removesuffix("?")
        raise ConfigError(
            f"{where}: kind = {own.kind!r} of {own.name!r} is invalid"
            f"{hint}{'?' if 'did you mean' in hint else '.'} "
            "A plugin's kind has a dot, as in 'acme.toxicity'"
        )
    known = (*_COMMON, *_OF_KIND.get(own.kind, _OF_PLUGINS))
    for field in msgspec.structs.fields(EvaluatorSettings):
        value = getattr(own, field.name)
        if field.name not in known and value not in (field.default, {}):
            raise ConfigError(
                f"{where}: {field.name} = {value!r} of {own.name!r} is invalid: the kind "
                f"{own.kind!r} has no such parameter; it has "
                f"{', '.join(_OF_KIND.get(own.kind, _OF_PLUGINS))}"
            )


def _check_parameters(own: EvaluatorSettings, check: Callable[[bool, str, str], None]) -> None:
    option, requirement = _REQUIRED.get(own.kind, ("name", ""))
    check(bool(getattr(own, option)), option, requirement)
    check(all(word.strip() for word in own.words), "words", "must not have an empty word")
    check(
        all(re.fullmatch(_LANGUAGE, language) for language in own.languages),
        "languages",
        "must be ISO 639-1 codes, such as 'en' and 'de'",
    )
    if own.kind == "python":
        check(re.fullmatch(FUNCTION_NAME, own.function or "") is not None, *_REQUIRED["python"])
    if own.kind == "length":
        limits = own.min is not None or own.max is not None or own.target is None
        check(limits, "target", "needs min or max")
    if own.pattern is not None:
        try:
            re.compile(own.pattern)
        except (re.error, OverflowError, RecursionError) as error:
            check(False, "pattern", f"it is not a regular expression: {error}")
    if isinstance(own.schema, str):
        check(
            own.schema.endswith(".json"), "schema", "must be a table, or the path of a .json file"
        )
