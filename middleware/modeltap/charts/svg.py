"""SVG elements as text. All texts and values are escaped here, because names come from clients."""

from __future__ import annotations

from html import escape

from modeltap.printable import escaped
from modeltap.text_width import cut


def element(name: str, *children: str, **attributes: object) -> str:
    """Return an SVG element around `children`, which are elements or `text_of` results.

    Attributes that are None are left out; ``class_`` and ``view_box`` become ``class`` and
    ``viewBox``.

    >>> element("rect", x=1, width=2.50, class_="bar")
    '<rect x="1" width="2.5" class="bar"/>'
    >>> element("text", text_of("a < b"), x=0)
    '<text x="0">a &lt; b</text>'
    """
    pairs = (
        f' {_NAMES.get(key, key.replace("_", "-"))}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    start = f"<{name}{''.join(pairs)}"
    return f"{start}>{''.join(children)}</{name}>" if children else f"{start}/>"


_NAMES = {"class_": "class", "view_box": "viewBox"}


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return escape(escaped(str(value)))


def text_of(text: str) -> str:
    """Return a text from anywhere as the content of an element."""
    return escape(escaped(text))


def label(text: str, x: float, y: float, **attributes: object) -> str:
    """Return a text at a position."""
    return element("text", text_of(text), x=float(x), y=float(y), **attributes)


def short_label(
    text: str, characters: int, x: float, y: float, title: str = "", **attributes: object
) -> str:
    """Return a text that is cut to `characters` at a position.

    A wide character, such as a Chinese one, counts as two.

    Args:
        title: what a reader sees when pointing at it; the whole text if it is empty.
    """
    whole = element("title", text_of(title or text))
    shown = escape(cut(escaped(text), characters))
    return element("text", shown, whole, x=float(x), y=float(y), **attributes)


def picture(
    title: str,
    description: str,
    width: float,
    height: float,
    *children: str,
    name: str = "chart",
    is_scaled: bool = True,
) -> str:
    """Return a whole picture that screen readers announce by its title and description.

    Args:
        width, height: in user units, which are pixels if the picture is not scaled.
        name: the class of the picture.
        is_scaled: whether the page scales the picture to the available width.
    """
    has_links = any("<a " in child for child in children)
    return element(
        "svg",
        element("title", text_of(title)),
        element("desc", text_of(description)),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        view_box=f"0 0 {width:g} {height:g}",
        width=None if is_scaled else width,
        height=None if is_scaled else height,
        role="group" if has_links else "img",  # an image has nothing to click, for a reader
        aria_label=f"{title}. {description}",
        class_=name,
    )
