"""SVG elements: what clients named cannot leave its text or attribute."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from modeltap.charts.svg import element, label, picture, short_label, text_of

HOSTILE = (
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "]]>&amp;&#0;",
    "\x00\x1b[2J\x9b",
    "\ud800\u202e\ufeff",
    "ключ 键 🛫",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_is_only_text(text):
    """In a title, a label, an attribute: the picture is well-formed and has no other element."""
    drawn = picture(
        text,
        text,
        10,
        10,
        label(text, 1, 1),
        short_label(text, 3, 1, 1),
        element("a", text_of(text), href=text),
    )
    tags = {node.tag.rpartition("}")[2] for node in ElementTree.fromstring(drawn).iter()}
    assert tags == {"svg", "title", "desc", "text", "a"}


def test_a_picture_has_a_name_for_those_who_do_not_see_it():
    drawn = ElementTree.fromstring(picture("Drift", "one feature", 10, 10))
    assert drawn.get("role") == "img" and drawn.get("aria-label") == "Drift. one feature"


def test_attributes_without_a_value_are_left_out():
    assert element("a", href=None, x=1.25) == '<a x="1.2"/>'


def test_a_long_name_is_cut_by_its_width():
    """Letters of East Asia are two columns wide: a chart has room for half as many."""
    drawn = ElementTree.fromstring(picture("", "", 10, 10, short_label("気温の平均値", 7, 1, 1)))
    text = next(node for node in drawn.iter() if node.tag.endswith("text"))
    assert text.text == "気温の…" and text[0].text == "気温の平均値"
