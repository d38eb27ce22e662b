"""Creating or upgrading a store in a separate process."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing

from modeltap.store.schema import VERSION


def test_the_command_creates_the_store_without_numpy(store):
    code = (
        "import sys; from modeltap.store.create import main; main(sys.argv[1]);"
        "print([name for name in ('numpy', 'pandas') if sys.modules.get(name)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(store)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("pragma user_version").fetchone() == (VERSION,)
        assert connection.execute("select count(*) from exchanges").fetchone() == (0,)


def test_an_existing_store_keeps_its_rows(store):
    command = [sys.executable, "-m", "modeltap.store.create", str(store)]
    subprocess.run(command, check=True)
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("insert into models (model, version) values ('m', '1')")
    subprocess.run(command, check=True)
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("select model, version from models").fetchall() == [("m", "1")]
