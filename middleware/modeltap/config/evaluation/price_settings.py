"""``[prices.NAME]``: what tokens of a language model cost, and finding the price of a name."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from modeltap.config.reading.value_types import struct_of
from modeltap.config.validation import refuse_unknown
from modeltap.errors import ConfigError

_DATE = r"[-@](\d{4}-\d{2}-\d{2}|\d{8})"
"""The date of a snapshot at the end of a name, as in `gpt-4o-2024-08-06`."""


class PriceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Prices of a million tokens, in any currency.

    `cached_input` is the price of cached input tokens; by default they cost as much as others.
    `cached` is whether the server counts them among the input tokens, as OpenAI's do, or
    separately, as Anthropic's do.
    """

    input: float
    output: float = 0.0
    cached_input: float | None = None
    cached: Literal["included", "separate"] = "included"


def parse_prices(table: object, where: str = "prices") -> dict[str, PriceSettings]:
    """Parse the tables of prices; raise `ConfigError` if one is invalid.

    >>> parse_prices({"gpt-4o": {"input": 2.5, "output": 10}})["gpt-4o"].output
    10.0
    >>> parse_prices({"gpt-4o": {"input": -1}})
    Traceback (most recent call last):
    modeltap.errors.ConfigError: prices."gpt-4o": input = -1.0 is invalid: must be 0 or more, per \
million tokens
    """
    if not isinstance(table, Mapping):
        raise ConfigError(
            f'{where} = {table!r} is invalid: must have tables, such as [prices."gpt-4o"] '
            "input = 2.5, output = 10"
        )
    return {str(name): _parsed(str(name), entry, where) for name, entry in table.items()}


def _parsed(name: str, entry: object, where: str) -> PriceSettings:
    place = f'{where}."{name}"'
    if not name.strip():
        raise ConfigError(f"{place} is invalid: give the name that responses have as their model")
    if isinstance(entry, PriceSettings):
        return entry
    if not isinstance(entry, Mapping):
        raise ConfigError(
            f"{place} = {entry!r} is invalid: must be a table such as {{input = 2.5, output = 10}}"
        )
    refuse_unknown(entry, PriceSettings.__struct_fields__, place)
    price = struct_of(entry, PriceSettings, place)
    for option in ("input", "output", "cached_input"):
        value = getattr(price, option)
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise ConfigError(
                f"{place}: {option} = {value!r} is invalid: must be 0 or more, per million tokens"
            )
    return price


def price_name(name: str | None, prices: Mapping[str, PriceSettings]) -> str | None:
    """Return the entry of the price table for a model's name; None if there is none.

    An entry of the same name comes first, then the pattern (``*``) with the most characters, then
    the entry of the name without the date of its snapshot.

    >>> prices = dict.fromkeys(["gpt-4o", "gpt-4o-mini", "llama-*"], PriceSettings(input=1))
    >>> [price_name(name, prices) for name in ("gpt-4o-2024-08-06", "llama-3-8b", "gpt-4o-x")]
    ['gpt-4o', 'llama-*', None]
    """
    if not name:
        return None
    if name in prices:
        return name
    fitting = [entry for entry in prices if "*" in entry and _fits(entry, name)]
    if fitting:
        return max(fitting, key=len)
    dated = re.search(_DATE, name)
    base = name[: dated.start()] if dated and dated.end() == len(name) else ""
    return base if base in prices else None


def _fits(pattern: str, name: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) is not None
