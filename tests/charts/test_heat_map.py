"""Heat maps: every cell is there, and an alert is not told by colour alone."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from modeltap.charts.heat_map import HeatCell, HeatMap, HeatRow, heat_map

SVG = "{http://www.w3.org/2000/svg}"


def drawn(rows, columns=3):
    return ElementTree.fromstring(heat_map(HeatMap("t", "d", 0.0, 86_400.0, columns, rows)))


def test_a_cell_has_a_shade_a_title_and_a_page():
    cells = [HeatCell(0, 0.1, False, "weak", "/a"), HeatCell(2, 3.0, True, "strong", "/b")]
    picture = drawn([HeatRow("x", cells, "/x")])
    shades = {
        cell.find(f"{SVG}title").text: cell.get("class") for cell in picture.iter(f"{SVG}rect")
    }
    assert shades == {"weak": "level-0", "strong": "level-4"}
    assert [link.get("href") for link in picture.iter(f"{SVG}a")] == ["/x", "/a", "/b"]
    assert len(list(picture.iter(f"{SVG}circle"))) == 1  # the alert's dot


def test_cells_lie_side_by_side():
    cells = [HeatCell(n, 1.0, False, str(n)) for n in range(120)]
    picture = drawn([HeatRow("x", cells)], 120)
    lefts = [float(cell.get("x")) for cell in picture.iter(f"{SVG}rect")]
    assert lefts == sorted(lefts) and lefts[-1] < float(picture.get("viewBox").split()[2])


def test_nothing_to_show_is_a_picture_too():
    assert not list(drawn([]).iter(f"{SVG}rect"))
