"""The command line: what it says to people and to programs, and to those who mistype."""

from __future__ import annotations

import csv
import datetime
import importlib
import json
import subprocess
import sys

import pytest

from command import lines, modeltap
from modeltap.store.connection import connect
from stores import every, put
from terminal import on_a_terminal


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A table of 30 hours at 120 rows, which goes wrong after 20, and its store."""
    folder = tmp_path_factory.mktemp("cli")
    with (folder / "rows.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "time", "amount", "color", "guess", "truth"])
        for n in range(3600):
            hour, late = n // 120, n >= 2400
            x = (n * 7919 % 1000) / 100 + (4 if late else 0)
            guess = x * 2 + (n % 5 if late else 0) * 3
            time = f"2024-05-{1 + hour // 24:02d}T{hour % 24:02d}:{n % 60:02d}:00Z"
            color = "red" if n % 3 else "blue"
            writer.writerow([f"row-{n}", time, x, color, guess, x * 2 + n % 3 - 1])
    store = folder / "cli.db"
    roles = ("--timestamp", "time", "--prediction", "guess", "--label", "truth", "--id", "id")
    said = modeltap("import", folder / "rows.csv", "--store", store, "--model", "m", *roles)
    assert "3,600 rows imported for m" in said
    modeltap("reference", "set", "--store", store, "--model", "m", "--rows", "2000")
    modeltap("analyze", "--store", store, "--open")
    return folder


@pytest.fixture
def at(files):
    """The store's option."""
    return ("--store", files / "cli.db")


def test_the_same_file_again_adds_nothing(files, at):
    """Rows are known by their id."""
    roles = ("--timestamp", "time", "--prediction", "guess", "--label", "truth", "--id", "id")
    said = modeltap("import", files / "rows.csv", *at, "--model", "m", *roles, "--json")
    assert lines(said)[0]["rows"] == 0 and lines(said)[0]["repeated"] == 3600


def test_whoever_waits_on_a_terminal_sees_how_far_it_is(files):
    """One line, written anew and wiped away; what was done is the last."""
    code, text = on_a_terminal("analyze", "--store", files / "cli.db", "--open", "--again")
    assert code == 0 and "\r\x1b[Kjudging windows." in text
    assert text.rpartition("\r\x1b[K")[2].startswith("no new exchanges, ")


def test_alerts_for_people_and_programs(at):
    """The incident is in both; JSON has the columns that were promised."""
    assert "amount: median went from" in modeltap("alerts", *at)
    rows = lines(modeltap("alerts", *at, "--model", "m", "--state", "firing", "--json"))
    assert {row["rule"] for row in rows} == {"data_drift", "prediction_drift", "performance"}
    assert {
        "id",
        "metric",
        "feature",
        "severity",
        "window_start",
        "last_window_start",
        "value",
        "threshold",
        "p_value",
        "summary",
        "started_at",
        "resolved_at",
    } <= set(rows[0])


def test_metrics_by_name_feature_and_last_windows(at):
    """All windows by default; NaN never."""
    rows = lines(modeltap("metrics", *at, "--metric", "drift", "--feature", "amount", "--json"))
    assert len(rows) == 30 and rows[0]["in_reference"] == 1 and rows[-1]["verdict"] == "alert"
    assert "NaN" not in modeltap("metrics", *at, "--json")
    last = lines(modeltap("metrics", *at, "--metric", "mae", "--last", "2", "--json"))
    assert [row["window_start"][11:13] for row in last] == ["04", "05"]
    assert "mae" in modeltap("metrics", *at, "--metric", "mae")


def test_tail_and_show(at):
    """The last ones, and one of them in full, also by the beginning of its id."""
    rows = lines(modeltap("tail", *at, "--no-follow", "-n", "3", "--json"))
    assert [row["request_id"] for row in rows] == ["row-3597", "row-3598", "row-3599"]
    assert "IMPORT" in modeltap("tail", *at, "--no-follow")
    one = lines(modeltap("show", rows[0]["id"][:12], *at, "--json"))[0]
    assert one["id"] == rows[0]["id"] and one["predictions"][0]["prediction"] is not None
    assert "amount" in modeltap("show", "row-3597", *at)


def test_reference_show(at):
    """Each feature's type and bins."""
    (reference,) = lines(modeltap("reference", "show", *at, "--json"))
    assert reference["rows"] == 2000
    kinds = {feature["name"]: feature["type"] for feature in reference["features"]}
    assert kinds == {"amount": "numeric", "color": "categorical", "prediction": "numeric"}
    assert "amount" in modeltap("reference", "show", *at)


def test_analyze_again_finds_nothing_to_do(at):
    """A second pass changes nothing; --again computes anew and alerts nobody."""
    before = modeltap("alerts", *at, "--json")
    assert lines(modeltap("analyze", *at, "--open", "--json"))[0]["windows"] == 0
    assert lines(modeltap("analyze", *at, "--open", "--again", "--json"))[0]["windows"] > 30
    assert modeltap("alerts", *at, "--json") == before


def test_labels_by_our_id_and_by_theirs(at, tmp_path):
    """One at a time, and from a file; unknown ones are counted."""
    assert "row 0: 7" in modeltap("label", "set", "row-1", "7", *at)
    (tmp_path / "labels.csv").write_text("id,value\nrow-2,5.5\nrow-3,6\nnobody,1\n")
    said = lines(modeltap("label", "import", "labels.csv", "--model", "m", *at, "--json"))[0]
    assert said == {"labels": 2, "unknown": 1, "broken": 0}


def test_doctor_is_content_and_then_is_not(at, tmp_path):
    """Exit 0 when all is well, 1 with the mend when it is not."""
    found = lines(modeltap("doctor", *at, "--json"))
    assert all(one["ok"] for one in found) and {"store", "references"} <= {
        o["check"] for o in found
    }
    open_to_all = tmp_path / "open.db"
    connect(open_to_all).close()
    open_to_all.chmod(0o644)
    modeltap("doctor", "--store", open_to_all, code=1)


def test_doctor_says_which_fields_an_answer_has_where_none_is_known(tmp_path):
    """Two fields, of which none has a usual name: what has to be written is ready to copy."""
    store = tmp_path / "prices.db"
    answer = json.dumps({"model_version": "2026-11", "price_keur": 313.8})
    put(
        store,
        every(1, 20),
        [{"rooms": n} for n in range(20)],
        model="houses",
        responses=[answer] * 20,
    )
    modeltap("analyze", "--store", store)
    said = modeltap("doctor", "--store", store, code=1)
    assert "answers of houses have model_version, price_keur" in said
    assert '[models.houses.mapping] prediction = "price_keur"' in said
    (tmp_path / "modeltap.toml").write_text('[models.houses.mapping]\nprediction = "price_keur"\n')
    put(
        store,
        every(1, 20),
        [{"rooms": n} for n in range(20)],
        model="houses",
        prefix="later",
        responses=[answer] * 20,
    )
    modeltap("analyze", "--store", store)
    rows = lines(modeltap("export", "--store", store, "--model", "houses"))
    assert {row["prediction"] for row in rows} == {313.8}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "10.1.2.3"])
def test_doctor_knows_a_webhook_that_is_always_refused(tmp_path, host):
    """As far as its address can be seen in its URL."""
    file = tmp_path / "modeltap.toml"
    file.write_text(f'webhooks = ["http://{host}:9/hook"]\n')
    store = tmp_path / "taps.db"
    connect(store).close()
    said = modeltap("doctor", "--store", store, code=1)
    assert "is private; set allow_private = true" in said
    file.write_text(f'[[webhooks]]\nurl = "http://{host}:9/hook"\nallow_private = true\n')
    assert "is private" not in modeltap("doctor", "--store", store)
    file.write_text(f'[[webhooks]]\nurl = "json://{host}:9/"\nformat = "apprise"\n')
    assert "is private" not in modeltap("doctor", "--store", store)


def test_what_is_not_there_yet_is_said_with_its_reason(tmp_path):
    """Labels that did not come are not missing analyses."""
    store = tmp_path / "taps.db"
    put(store, every(1, 5), [{"x": n} for n in range(5)])
    assert "no performance yet: it needs labels" in modeltap("performance", "--store", store)
    assert "no latency yet: it goes by the hour" in modeltap("latency", "--store", store)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["analyse"], 2, "no command 'analyse'; did you mean 'analyze'?"),
        (["metrics", "--modle", "m"], 2, "No such option"),
        (["metrics", "--model", "n"], 1, "no model 'n' in this store"),
        (
            ["metrics", "--metric", "dirft"],
            1,
            "no metric 'dirft'; did you mean 'drift'",
        ),
        (["metrics", "--feature", "amuont"], 1, "did you mean 'amount'?"),
        (["show", "nobody"], 1, "no exchange 'nobody' in this store"),
        (["import", "rosw.csv", "--model", "m"], 1, "there is no file 'rosw.csv'"),
        (["reference", "set", "--model", "m"], 2, "say one of --file FILE"),
        (["reference", "set", "--model", "m", "--from", "soon"], 2, "'soon' is no time"),
        (["reference", "set", "--model", "m", "--rows", "99999"], 1, "fewer than 99999"),
        (["label", "set", "nobody", "1"], 1, "no exchange 'nobody'"),
        (["analyze", "--window", "fortnight"], 2, "window 'fortnight' is not understood"),
    ],
)
def test_what_people_mistype_is_one_line_with_the_mend(at, words, code, said):
    """Exit 1 or 2, and no traceback."""
    error = modeltap(*words, *at, code=code)
    assert said in error and len(error.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "text", "words", "said"),
    [
        ("rows.csv", "a,time\n1,2\n", ["--timestamp", "tmie"], "did you mean 'time'?"),
        ("rows.csv", "a,b\n1,2\n", ["--features", "c"], "--features 'c' is no column of rows.csv"),
        ("rows.csv", "", [], "holds no rows"),
        ("rows.csv", "a,a\n1,2\n", [], "two columns of one name"),
        ("rows.xlsx", "x", [], "is of no known kind"),
        ("rows.csv.gz", "no gzip", [], "cannot be read"),
        ("rows.csv", "a\n\u00e9".encode("latin-1"), [], "cannot be read"),
        ("rows.jsonl", "no json\n", [], "holds no rows"),
        ("rows.parquet", "no parquet", [], "cannot be read as Parquet"),
    ],
)
def test_a_file_that_cannot_be_imported_is_said_why(tmp_path, name, text, words, said):
    """The value, the reason, the nearest right one."""
    data = text if isinstance(text, bytes) else text.encode()
    (tmp_path / name).write_bytes(data)
    error = modeltap("import", name, "--store", "x.db", "--model", "m", *words, code=1)
    assert said in error


def test_broken_lines_are_named_and_the_rest_goes_in(tmp_path):
    """CSV and JSON Lines; --strict makes them a failure."""
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n1,2,3\n4,5\n")
    done = subprocess.run(
        [sys.executable, "-m", "modeltap", "import", "rows.csv", "--store", "x.db", "--model", "m"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "line 3: 3 cells, the header has 2" in done.stderr and "2 rows imported" in done.stdout
    (tmp_path / "rows.jsonl").write_text('{"a": 1}\nbroken\n[1]\n{"a": 2}\n')
    modeltap("import", "rows.jsonl", "--store", "x.db", "--model", "m", "--strict", code=1)


def test_parquet_with_times_and_lists(tmp_path):
    """Values are as JSON writes them; the file is a reference, too."""
    pa, pq = (
        pytest.importorskip("pyarrow", reason="pip install pyarrow"),
        importlib.import_module("pyarrow.parquet"),
    )
    start = datetime.datetime(2024, 5, 1, tzinfo=datetime.UTC)
    table = pa.table(
        {
            "at": [start + datetime.timedelta(minutes=n) for n in range(300)],
            "x": [float(n % 17) if n % 5 else float("nan") for n in range(300)],
            "parts": [[n, n + 1] for n in range(300)],
            "prediction": [n % 2 for n in range(300)],
        }
    )
    pq.write_table(table, tmp_path / "rows.parquet")
    where = {"cwd": tmp_path}
    said = modeltap("import", "rows.parquet", "--model", "m", "--timestamp", "at", **where)
    assert "300 rows imported" in said
    (row,) = lines(modeltap("tail", "--json", "-n", "1", "--no-follow", **where))
    assert row["event_time"] == "2024-05-01T04:59:00.000Z"
    shown = json.loads(modeltap("show", row["id"], "--json", **where))
    assert json.loads(shown["request_body"]) == {"x": 10.0, "parts": [299, 300]}
    modeltap(
        "reference", "set", "--file", "rows.parquet", "--model", "m", "--ignore", "at", **where
    )
    assert "300 rows" in modeltap("reference", "show", **where)


def test_a_missing_store_is_said_with_the_mend():
    """Reading commands create nothing."""
    for command in (["metrics"], ["alerts"], ["tail"], ["analyze"], ["reference", "show"]):
        error = modeltap(*command, "--store", "nowhere.db", code=1)
        assert "there is no store at 'nowhere.db'" in error


def test_a_broken_settings_file_is_said(tmp_path):
    """Exit 2 with the file's name and place."""
    (tmp_path / "modeltap.toml").write_text("window = \n")
    assert "modeltap.toml' is no valid TOML" in modeltap("alerts", code=2)


def test_a_closed_pipe_is_no_error(files):
    """`modeltap metrics | head` ends quietly."""
    done = subprocess.run(
        f"{sys.executable} -m modeltap metrics --store {files / 'cli.db'} --json | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "" and json.loads(done.stdout)["model"] == "m"


def test_version_and_help():
    """Of the group and of every command."""
    assert modeltap("--version").startswith("modeltap, version ")
    for command in (
        "demo",
        "tail",
        "show",
        "import",
        "reference",
        "analyze",
        "metrics",
        "alerts",
        "label",
        "doctor",
    ):
        assert "Usage:" in modeltap(command, "--help")
        if command not in ("reference", "label"):
            assert "--json" in modeltap(command, "--help")


def test_what_was_found_for_people(at):
    """Alerts on top; of one feature with its distribution in the reference and now."""
    said = modeltap("drift", *at, "--model", "m")
    assert "drift" in said.splitlines()[1] and "alert" in said.splitlines()[1]
    said = modeltap("drift", *at, "--feature", "amount")
    assert "amount: reference and latest window" in said and "█" in said
    rows = lines(modeltap("quality", *at, "--last", "2", "--json"))
    assert {row["metric"] for row in rows} >= {"missing_rate", "duplicate_rate", "gap_seconds"}
    assert len({row["window_start"] for row in rows}) == 2
    assert "mae" in modeltap("performance", *at)
    assert "latency" in modeltap("latency", *at) or "no latency yet" in modeltap("latency", *at)
    assert "did you mean 'amount'" in modeltap("drift", *at, "--feature", "amuont", code=1)


def test_references_are_listed_and_compared(files, at):
    """By their hashes, or what they begin with."""
    modeltap("reference", "set", *at, "--model", "m", "--from", "2024-05-02", "--to", "2024-05-03")
    found = lines(modeltap("reference", "list", *at, "--json"))
    assert [row["active"] for row in found] == [0, 1]
    before, after = (row["id"] for row in found)
    rows = lines(modeltap("reference", "compare", before[:8], after, *at, "--json"))
    amount = next(row for row in rows if row["feature"] == "amount")
    assert amount["typical_after"] > amount["typical_before"] and amount["js"] > 0.3
    color = next(row for row in rows if row["feature"] == "color")
    assert color["js"] < 0.05 and color["type_before"] == "categorical"
    assert "no reference has the id 'zzz'" in modeltap(
        "reference", "compare", "zzz", after, *at, code=1
    )
    modeltap("reference", "use", before, *at)
