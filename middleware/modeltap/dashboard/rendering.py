"""Templates of the pages, and the form that numbers and times have in them.

Jinja2 escapes everything; only charts, which escape their own texts, are marked as safe.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup

from modeltap import clock
from modeltap.output import cell
from modeltap.printable import escaped, escaped_lines
from modeltap.wording import percent, plural, shortened

_YES_OR_NO = (
    "aborted",
    "is_label",
    "listed",
    "request_read",
    "request_truncated",
    "response_truncated",
)
"""Columns with 1 and 0."""

_TIME_LENGTH = len("2026-05-01T08:00:00.000Z")

_LONG_TEXT = 40
"""Characters from which a cell of a table keeps some width on a phone."""


@cache
def environment() -> jinja2.Environment:
    """Return the environment of the dashboard's templates."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("modeltap.dashboard"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        clean=lambda text: escaped(str(text)),
        lines=lambda text: escaped_lines(str(text)),
        cell=lambda value: escaped(cell(value)),
        value_of=_value_of,
        is_long=lambda value: isinstance(value, str) and len(value) > _LONG_TEXT,
        when=_when,
        percent=percent,
        short=shortened,
        plural=plural,
        svg=Markup,
    )
    return made


def render(template: str, **values: Any) -> str:
    """Return a page."""
    return environment().get_template(template).render(**values)


def _when(text: str | None) -> Markup:
    """Return a time of the store as an element whose local time the page adds."""
    if not text:
        return Markup("–")
    return Markup('<time datetime="{}">{} UTC</time>').format(
        escaped(text), clock.short(text).removesuffix(" UTC")
    )


def _value_of(value: Any, column: str = "", characters: int = 1000) -> Any:
    """Return a value of a column as text: a time with its zone, and 1 and 0 as yes and no."""
    if isinstance(value, str) and len(value) == _TIME_LENGTH and cell(value) != value:
        return _when(value)
    if column in _YES_OR_NO and value in (0, 1):
        return "yes" if value else "no"
    return shortened(escaped(cell(value)), characters)
