"""Progress on terminals: a bar that ends with the file, however it is read."""

from __future__ import annotations

import sys
from contextlib import closing

from modeltap.cli.progress import analysis_line, reading_bar
from modeltap.store.connection import connect, writing
from modeltap.store.watermarks import SEEN, advance
from stores import every, put


def test_no_progress_is_printed_to_a_pipe(store, tmp_path, capsys):
    with reading_bar(tmp_path / "missing.csv", "reading") as on_read:
        on_read(10)
    with closing(connect(store)) as connection, analysis_line(connection) as look:
        look()
    assert capsys.readouterr() == ("", "")


def test_a_progress_bar_never_moves_backwards_or_past_the_end(tmp_path, monkeypatch):
    path = tmp_path / "rows.csv"
    path.write_bytes(b"x" * 100)
    with reading_bar(path, "reading", times=2) as on_read:
        bar = on_read.__closure__[0].cell_contents
        places = []
        for position in (10, 50, 30, 500):
            on_read(position)
            places.append(bar.pos)
    assert places == [10, 50, 50, 200] and bar.pos == bar.length == 200


def test_progress_counts_exchanges_then_windows(store, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    put(store, every(1, 3), [{"x": 1}] * 3)
    with closing(connect(store)) as connection:
        with analysis_line(connection) as look:
            look()
            assert "counted 0 of 3 exchanges" in capsys.readouterr().err
            with writing(connection):
                advance(connection, SEEN, 0, 3)
            look()
            assert "windows." in capsys.readouterr().err
        assert capsys.readouterr().err == "\r\x1b[K"
