"""`modeltap label`: by our id and by theirs."""

from __future__ import annotations

from command import lines, modeltap


def test_labels_by_our_id_and_by_theirs(at, tmp_path):
    """One at a time, and from a file; unknown ones are counted."""
    assert "row 0: 7" in modeltap("label", "set", "row-1", "7", *at)
    (tmp_path / "labels.csv").write_text("id,value\nrow-2,5.5\nrow-3,6\nnobody,1\n")
    said = lines(modeltap("label", "import", "labels.csv", "--model", "m", *at, "--json"))[0]
    assert said == {"labels": 2, "unknown": 1, "broken": 0}
