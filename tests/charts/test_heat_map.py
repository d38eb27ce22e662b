"""Heat maps: every cell is there, and an alert has a sign other than its colour."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest

from modeltap.charts.heat_map import HeatCell, HeatMap, HeatRow, cell_width, heat_map

SVG = "{http://www.w3.org/2000/svg}"
XHTML = "{http://www.w3.org/1999/xhtml}"


def drawn(rows, columns=3, **others):
    return ElementTree.fromstring(
        heat_map(HeatMap("t", "d", 0.0, 86_400.0, columns, rows, **others))
    )


def shade_runs(picture):
    """Return the columns and lengths of each shade, in the cell's width."""
    return {
        line.get("class"): re.findall(r"M(\d+) 0h(\d+)", line.get("d"))
        for line in picture.iterfind(f"{SVG}g[@class='cells']/*/{SVG}path")
    }


def test_neighbours_of_one_shade_are_one_line():
    strengths = (0.1, 0.1, 3.0, None, None, 0.1)
    cells = [HeatCell(n, strength, False, str(n)) for n, strength in enumerate(strengths)]
    width = cell_width(8)
    assert shade_runs(drawn([HeatRow("x", cells)], 8)) == {
        "level-0": [("0", str(2 * width)), (str(5 * width), str(width))],
        "level-2": [(str(2 * width), str(width))],
        "level-none": [(str(3 * width), str(2 * width))],
    }


def test_a_gap_between_cells_stays_empty():
    cells = [HeatCell(n, 1.0, False, "1") for n in (0, 2)]
    assert len(shade_runs(drawn([HeatRow("x", cells)]))["level-2"]) == 2


@pytest.mark.parametrize(("strength", "shade"), [(0.6, 2), (1.2, 3), (9.0, 4)])
def test_only_an_alert_has_the_shades_of_strong_drift(strength, shade):
    cells = [HeatCell(0, strength, True, "!"), HeatCell(1, strength, False, "")]
    runs = shade_runs(drawn([HeatRow("x", cells)]))
    assert runs[f"level-{shade}"][0][0] == "0"
    assert set(runs) - {"alert-dot"} == {f"level-{shade}", "level-2"}


def test_an_alert_is_a_link_with_a_dot_and_a_title():
    cells = [HeatCell(0, 0.1, False, "0.1"), HeatCell(2, 3.0, True, "3!", "strong", "?b")]
    picture = drawn([HeatRow("x", cells, "one alert", "?x", "?x&cell=")], blank_url="/blank")
    links = [link.get("href") for link in picture.iter() if link.tag in (f"{SVG}a", f"{XHTML}a")]
    assert links == ["?x", "?x&cell=", "?b"]
    assert picture.find(f"{SVG}a/{SVG}text/{SVG}title").text == "x: one alert"
    assert picture.find(f"{SVG}g[@class='alerts']//{SVG}title").text == "strong"
    (dots,) = picture.iterfind(f".//{SVG}path[@class='alert-dot']")
    assert dots.get("d").count("M") == 1


def test_a_row_takes_clicks_on_all_of_its_cells():
    """It is as wide as the cells, and has the value of each for those who point at it."""
    cells = [HeatCell(0, 0.1, False, "0.1"), HeatCell(2, 3.0, True, "3!", "strong", "?b")]
    picture = drawn([HeatRow("x", cells, "", "?x", "?x&cell=")], blank_url="/blank")
    image = picture.find(f".//{XHTML}img")
    assert image.get("ismap") is not None and int(image.get("width")) == 3 * cell_width(3)
    assert image.get("data-values").split(" ") == ["0.1", "", "3!"]


@pytest.mark.parametrize("columns", [1, 7, 119, 120])
def test_cells_end_where_the_picture_ends(columns):
    cells = [HeatCell(n, 1.0, False, str(n)) for n in range(columns)]
    picture = drawn([HeatRow("x", cells)], columns)
    (run,) = shade_runs(picture)["level-2"]
    assert run == ("0", str(columns * cell_width(columns)))
    assert int(run[1]) < float(picture.get("width")) < 1200


def test_a_map_full_of_alerts_stays_small():
    """Of names of any length: the strongest alerts are links, and all have a dot."""
    cells = [HeatCell(n, float(n), True, "0.123!", "t" * 60, "?" + "u" * 300) for n in range(120)]
    text = heat_map(HeatMap("t", "d", 0.0, 1e6, 120, [HeatRow("x", cells)] * 40))
    assert len(text) < 200_000
    picture = ElementTree.fromstring(text)
    dots = picture.iterfind(f".//{SVG}path[@class='alert-dot']")
    assert sum(path.get("d").count("M") for path in dots) == 4800
    linked = [link.find(f"{SVG}path").get("d") for link in picture.iter(f"{SVG}a")]
    assert len(linked) > 40
    assert sum(path.startswith(f"M{119 * cell_width(120)} ") for path in linked) == 40


def test_nothing_to_show_is_a_picture_too():
    assert shade_runs(drawn([], blank_url="/blank")) == {}
