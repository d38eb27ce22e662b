"""The first page."""

from __future__ import annotations


def test_each_model_is_one_sentence(pages):
    text = pages.get("/").text
    assert "▲" in text and ">m</a>" in text and "Since" in text
    (row,) = pages.get("/?format=json").json()
    assert (row["model"], row["state"], row["requests"]) == (
        "m",
        "alert",
        0,
    )  # imported rows are no requests
    assert row["reason"] and row["since"].startswith("2024-05-01")
