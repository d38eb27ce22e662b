"""``[models.NAME.judge]``: a language model that rates outputs by a rubric, within a budget."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from modeltap.config.reading.value_types import struct_of
from modeltap.config.validation import refuse_unknown, variable_of
from modeltap.errors import ConfigError

COMPLETIONS = "/chat/completions"
"""The path of an OpenAI-style endpoint; it may be left out of the URL."""


class JudgeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A judge: its endpoint, its rubric with the choices, and its budget by day (UTC)."""

    url: str
    model: str
    rubric: str
    api_key: str | None = None
    choices: tuple[str, ...] = ("good", "bad")
    positive: str | None = None
    target: float | None = None
    sample: int = 50
    calibration: int = 200
    calls_per_day: int = 500
    tokens_per_day: int = 500_000
    concurrency: int = 4
    timeout_seconds: float = 30.0
    retries: int = 2
    max_output_tokens: int = 64

    @property
    def positive_choice(self) -> str:
        """The choice whose rate is reported, by default the first."""
        return self.positive or self.choices[0]

    @property
    def endpoint(self) -> str:
        """The URL that receives the questions."""
        url = self.url.rstrip("/")
        return url if url.endswith(COMPLETIONS) else url + COMPLETIONS

    @property
    def host(self) -> str:
        """The part of the URL that may be shown."""
        return urlsplit(self.url).hostname or "the judge"

    @property
    def key(self) -> str:
        """A hash of all that changes a rating: answers of another rubric are not mixed."""
        form = [self.url, self.model, self.rubric, self.choices]
        return hashlib.sha256(msgspec.json.encode(form)).hexdigest()[:16]

    def __repr__(self) -> str:
        """Return the model and the host: a URL may hold a token."""
        return f"{type(self).__name__}(model={self.model!r}, host={self.host!r})"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """Return the same for rich's tracebacks."""
        return [("model", self.model), ("host", self.host)]


def parse_judge(table: object, where: str = "judge") -> JudgeSettings:
    """Parse a table; raise `ConfigError` if it is invalid, without quoting a URL or a key.

    >>> parse_judge({"url": "http://localhost:8000/v1", "model": "m", "rubric": "Is it polite?"})
    JudgeSettings(model='m', host='localhost')
    """
    if isinstance(table, JudgeSettings):
        return table
    if not isinstance(table, Mapping):
        raise ConfigError(
            f"{where} is invalid: must be a table with url, model and rubric, as in "
            "docs/evaluators.md"
        )
    refuse_unknown(table, JudgeSettings.__struct_fields__, where, secret=True)
    judge = struct_of(table, JudgeSettings, where)
    _check_endpoint(judge, where)
    _check_numbers(judge, where)
    _check_choices(judge, where)
    return judge


def _check_endpoint(judge: JudgeSettings, where: str) -> None:
    try:
        parts = urlsplit(judge.url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        usable = False
    if not usable or not judge.url.isprintable() or " " in judge.url:
        raise ConfigError(
            f"{where}: url (not shown) is invalid: must be an http:// or https:// URL, such as "
            "https://api.openai.com/v1"
        )
    if "@" in parts.netloc:
        raise ConfigError(f"{where}: url has a password; set api_key = 'env:NAME' instead")
    if judge.api_key is not None:
        if not judge.api_key.startswith("env:"):
            raise ConfigError(
                f"{where}: api_key (not shown) is invalid: write env:NAME, and set the variable"
            )
        variable_of(judge.api_key, f"{where}.api_key")


_LEAST: dict[str, float] = {
    "sample": 1,
    "calibration": 0,
    "calls_per_day": 0,
    "tokens_per_day": 0,
    "concurrency": 1,
    "retries": 0,
    "max_output_tokens": 1,
}

_MOST: dict[str, float] = {"sample": 2000, "concurrency": 64, "retries": 10}


def _check_numbers(judge: JudgeSettings, where: str) -> None:
    for name, least in _LEAST.items():
        value, most = getattr(judge, name), _MOST.get(name)
        if value < least or (most is not None and value > most):
            limit = f"at least {least:g}" + ("" if most is None else f" and at most {most:g}")
            raise ConfigError(f"{where}: {name} = {value!r} is invalid: must be {limit}")
    if not 0 < judge.timeout_seconds <= 600:
        raise ConfigError(
            f"{where}: timeout_seconds = {judge.timeout_seconds!r} is invalid: must be greater "
            "than 0 and at most 600"
        )
    if judge.target is not None and not 0 < judge.target < 1:
        raise ConfigError(
            f"{where}: target = {judge.target!r} is invalid: must be a fraction between 0 and 1"
        )


def _check_choices(judge: JudgeSettings, where: str) -> None:
    for name in ("model", "rubric"):
        if not getattr(judge, name).strip():
            raise ConfigError(f"{where}: {name} is empty")
    choices = [choice.strip().casefold() for choice in judge.choices]
    if not 2 <= len(choices) <= 10 or len(set(choices)) < len(choices) or "" in choices:
        raise ConfigError(
            f"{where}: choices = {list(judge.choices)!r} is invalid: must be 2 to 10 different "
            "texts, such as ['good', 'bad']"
        )
    if judge.positive is not None and judge.positive not in judge.choices:
        raise ConfigError(
            f"{where}: positive = {judge.positive!r} is invalid: must be one of the choices "
            f"{', '.join(judge.choices)}"
        )
