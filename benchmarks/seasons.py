"""Alerts that people get on traffic with a rhythm: a simulated shop with four faults.

    python benchmarks/seasons.py [--rows-a-day 2000,5000] [--rhythm 1,0.4] [--seeds 3]
        [--setting default] [--pass-hours 24] [--peak 19] [--night 0.15] [--weekend 0.8]
    python benchmarks/seasons.py --cli --rows-a-day 50000 --rhythm 1 --seeds 1

The shop runs for four weeks from a Monday, 09:00, through import and analysis; shop.py has its
features and its faults, all in week 3. A setting is `default`, a reference (`first 7d`), or a
reference and a window (`first 7d / 1d`). Of each run are printed

    false 1/2/3/4  incidents found in each week that no fault explains: all before the first fault,
                   and later ones of a feature without a fault. Multivariate alerts are
                   explained by any fault.
    open           fraction of the hours, from week 2 or the end of learning, whichever is later,
                   to the first fault, in which an incident is open
    found          hours from each fault to the end of the window with which an incident that
                   names the feature fires; 'never' also where one was open before

and the words. Passes of a day have the same windows as passes of an hour: event time closes them.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from machine import describe
from shop import FAULTS, HOUR, START, WEEK, WEEKS, Fault, Rows, Shop, documents

from incidents import Incident, Watch, exchange, open_hours, options_of
from modeltap import clock
from modeltap.config.settings import Settings
from modeltap.ingest.entry import Logged
from modeltap.ingest.importer import Importer, import_entries
from modeltap.store.connection import connect

MODEL = "shop"
Hours = list[tuple[float, np.ndarray, Rows]]


@dataclass(frozen=True)
class Outcome:
    """Results of one run of the shop."""

    false: tuple[int, ...]
    """False incidents by week."""
    open: tuple[int, int]
    """Hours with an open incident, and hours."""
    found: dict[str, Incident | None]
    """By the feature of a fault, the incident that names it."""
    unexplained: tuple[Incident, ...]
    """The false incidents."""


def passes(shop: Shop, hours: int) -> Iterator[Hours]:
    """Yield the shop's hours, so many at a time."""
    waiting: Hours = []
    for one in shop.hours():
        waiting.append(one)
        if len(waiting) == hours:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def entries(hours: Hours) -> Iterator[Logged]:
    """Yield the rows of some hours as exchanges."""
    for start, times, rows in hours:
        for number, (at, row) in enumerate(zip(times.tolist(), documents(rows), strict=True)):
            yield exchange(f"{start:.0f} {number}", at, row)


def run_shop(shop: Shop, options: dict[str, object], pass_hours: int) -> Outcome:
    """Import and analyse a shop, a pass for every `pass_hours`."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "modeltap.db"
        connection = connect(store)
        watch = Watch(store, connection, options)
        importer = Importer(connection, Settings(), model=MODEL)
        for hours in passes(shop, pass_hours):
            import_entries(importer, entries(hours))
            watch.analyze()
        outcome = outcome_of(watch)
        connection.close()
    return outcome


def run_commands(shop: Shop, options: dict[str, object], pass_hours: int) -> Outcome:
    """Do the same with `modeltap import` and `modeltap analyze` on files."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "modeltap.db"
        args = {f"MODELTAP_{name.upper()}": str(value) for name, value in options.items()}
        environment = {**os.environ, **args}
        watch = None
        for number, hours in enumerate(passes(shop, pass_hours)):
            file = write_rows(Path(folder) / f"{number}.jsonl.gz", hours)
            rows = [str(file), "--timestamp", "timestamp", "--model", MODEL]
            command(["import", *rows, "--store", str(store)], environment)
            command(["analyze", "--no-deliver", "--store", str(store)], environment)
            file.unlink()
            watch = watch or Watch(store, connect(store), options)
            watch.note()
        assert watch is not None
        outcome = outcome_of(watch)
        watch.connection.close()
    return outcome


def write_rows(file: Path, hours: Hours) -> Path:
    """Write the rows of some hours as JSON Lines, and return the file."""
    with gzip.open(file, "wt", compresslevel=1) as lines:
        for _, times, rows in hours:
            for at, row in zip(times.tolist(), documents(rows), strict=True):
                lines.write(json.dumps({"timestamp": clock.iso(at), **row}) + "\n")
    return file


def command(arguments: Sequence[str], environment: dict[str, str]) -> None:
    """Run a command of modeltap; raises if it fails."""
    subprocess.run(
        [sys.executable, "-m", "modeltap", *arguments],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def outcome_of(watch: Watch) -> Outcome:
    """Count what a shop's incidents came to."""
    incidents = watch.incidents()
    unexplained = tuple(i for i in incidents if not is_explained(i))
    weeks = [int((i.found - 1 - START) // WEEK) for i in unexplained]
    start = max(START + WEEK, learnt(watch))
    return Outcome(
        tuple(weeks.count(week) for week in range(WEEKS)),
        open_hours(incidents, start, FAULTS[0].start),
        {fault.feature: first_of(incidents, fault) for fault in FAULTS},
        unexplained,
    )


def is_explained(incident: Incident) -> bool:
    """Return whether a fault that had begun explains an incident."""
    begun = [fault for fault in FAULTS if fault.start < incident.found]
    return any(incident.feature is None or incident.names(fault.feature) for fault in begun)


def first_of(incidents: Sequence[Incident], fault: Fault) -> Incident | None:
    """Return the first incident that names a fault's feature and fired after it began."""
    return next((i for i in incidents if i.names(fault.feature) and i.found > fault.start), None)


def learnt(watch: Watch) -> float:
    """Return the end of the reference's period."""
    (end,) = watch.connection.execute(
        "select min(to_time) from \"references\" where state = 'active'"
    ).fetchone()
    return clock.parse(end or "") or START


def report(name: str, outcome: Outcome, seconds: float) -> None:
    """Print a run's line."""
    hours, of = outcome.open
    false = "/".join(map(str, outcome.false))
    found = ", ".join(f"{f.feature} {delay(outcome, f)}" for f in FAULTS)
    share = f"{hours / of:5.0%}" if of else "    -"
    print(f"{name:34} {false:14} {share}  {found}  ({seconds:.0f} s)", flush=True)


def delay(outcome: Outcome, fault: Fault) -> str:
    """Return the hours until a fault was found."""
    incident = outcome.found[fault.feature]
    return "never" if incident is None else f"{(incident.found - fault.start) / HOUR:.0f} h"


def report_words(outcome: Outcome) -> None:
    """Print the words of each false incident, and those with which each fault was found."""
    for incident in outcome.unexplained:
        print(
            f"    false, {clock.iso(incident.start)[:16]}, found after "
            f"{(incident.found - incident.start) / HOUR:.0f} h: {incident.metric}: "
            f"{incident.summary}",
            flush=True,
        )
    for feature, incident in outcome.found.items():
        if incident is not None:
            print(f"    {feature}: {incident.metric}: {incident.summary}", flush=True)


def report_pooled(outcomes: Sequence[Outcome]) -> None:
    """Print the figures of all runs together."""
    false = [sum(outcome.false) for outcome in outcomes]
    hours, of = (sum(outcome.open[i] for outcome in outcomes) for i in (0, 1))
    missed = sum(incident is None for outcome in outcomes for incident in outcome.found.values())
    print(
        f"pooled, {len(outcomes)} runs: {np.mean(false):.1f} false incidents in four weeks, "
        f"at most {max(false)}; open in {hours / max(1, of):.1%} of {of:,} hours; {missed} of "
        f"{len(FAULTS) * len(outcomes)} faults never found"
    )


def shops(args: argparse.Namespace) -> None:
    """Run and report the shops that were asked for."""
    run = run_commands if args.cli else run_shop
    outcomes = []
    print(f"{'rows a day, rhythm, seed, setting':34} {'false 1/2/3/4':14}  open  found after")
    for rows, rhythm, seed in product(
        map(int, args.rows_a_day.split(",")),
        map(float, args.rhythm.split(",")),
        range(args.first_seed, args.first_seed + args.seeds),
    ):
        shop = Shop(rows, rhythm, seed, args.peak, args.night, args.weekend)
        started = time.perf_counter()
        outcome = run(shop, options_of(args.setting), args.pass_hours)
        name = f"{rows:,}, x{rhythm:g}, {seed}, {args.setting}"
        report(name, outcome, time.perf_counter() - started)
        report_words(outcome)
        outcomes.append(outcome)
    report_pooled(outcomes)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows-a-day", default="2000,5000")
    parser.add_argument("--rhythm", default="1,0.4", help="strengths of the rhythm")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--setting", default="default")
    parser.add_argument("--pass-hours", type=int, default=24, help="hours of traffic a pass")
    parser.add_argument("--peak", type=float, default=19.0, help="hour of most traffic")
    parser.add_argument("--night", type=float, default=0.15, help="least traffic, of the most")
    parser.add_argument("--weekend", type=float, default=0.8, help="weekends' traffic, of others'")
    parser.add_argument("--cli", action="store_true", help="run the commands, on files")
    args = parser.parse_args()
    print(describe("numpy", "scipy", "scikit-learn"), flush=True)
    shops(args)


if __name__ == "__main__":
    main()
