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
