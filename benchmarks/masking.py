"""Cost of masking a body, against `json.loads` of the same body, and on hostile ones.

    python benchmarks/masking.py [--rounds 9] [--bodies 500] [--kinds numbers,ids,...]

Each kind has bodies of about 1 KB, no two alike, that go through `Masker.body` as the process that
writes calls it; beside them the same bodies through `json.loads`. The hostile ones are 60 KB of
what is likely to cost a masker seconds. Ratios are medians over interleaved rounds, on one core.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Sequence

from machine import describe

from modeltap.privacy.masker import Masker

HOSTILE_BYTES = 60_000


def row(n: int) -> dict[str, object]:
    """Return a row of numbers, about 900 bytes of JSON."""
    return {f"f{i:02d}_value": round(n * 0.37 + i * 1.234567, 6) for i in range(40)}


def texts(n: int) -> dict[str, object]:
    """Return a row of numbers with an id, a time and two words."""
    rng = random.Random(n)
    return {
        **row(n),
        "id": f"{rng.getrandbits(64):x}",
        "time": f"2013-03-{1 + n % 28:02d}T05:{n % 60:02d}:15Z",
        "carrier": rng.choice(["UA", "AA", "DL"]),
        "origin": rng.choice(["EWR", "LGA", "JFK"]),
    }


KINDS: dict[str, tuple[Callable[[int], object], Masker]] = {
    "numbers": (row, Masker()),
    "ids, times and words": (texts, Masker()),
    "a name like a sensitive one (monkey)": (lambda n: {**texts(n), "monkey": 1}, Masker()),
    "a pattern of one's own, which no name has": (texts, Masker(body_fields=["^phone1$"])),
    "looks (mask_values of all four kinds)": (
        texts,
        Masker(values=["email", "phone", "card", "key"]),
    ),
    "a field that is masked": (lambda n: {**texts(n), "token": f"t{n}"}, Masker()),
    "JSON in a text, with a field that is masked": (
        lambda n: {"body": json.dumps({**texts(n), "token": f"t{n}"})},
        Masker(),
    ),
    "a table of 40 rows with a column that is masked": (
        lambda n: {"columns": ["a", "token"], "data": [[n + i, f"t{i}"] for i in range(40)]},
        Masker(),
    ),
    "1 KB of prose with `session` in it": (
        lambda n: {"prompt": f"What is a session, {n}? " + "The quick brown fox jumps. " * 36},
        Masker(),
    ),
}


def inside(text: str) -> bytes:
    """Return a document of a sensitive field and `text`, repeated to 60 KB."""
    times = HOSTILE_BYTES // len(text)
    return json.dumps({"token": 1, "x": text * times}).encode()


LOOKS = Masker(values=["email", "phone", "card", "key"])
TABLE = {"columns": ["token"] * 60_000, "data": [[1]] * 60_000}
HOSTILE: dict[str, tuple[bytes, str, Masker]] = {
    "a gzip of sensitive columns and rows": (
        gzip.compress(json.dumps(TABLE).encode()),
        "gzip",
        LOOKS,
    ),
    "letters before an @ that does not come": (inside("a"), "", LOOKS),
    "beginnings of a web token": (inside("eyJ"), "", LOOKS),
    "digits": (inside("4 1"), "", LOOKS),
    "names and signs": (inside("token=:"), "", LOOKS),
    "quotes that do not end": (inside('token="'), "", LOOKS),
    "backslashes": (inside("token\\"), "", LOOKS),
    "elements that do not end": (inside("<token "), "", LOOKS),
    "URL escapes": (inside("%41token%3D"), "", LOOKS),
    "paths": (inside("/token"), "", LOOKS),
    "documents that do not end": (inside('{"token":'), "", LOOKS),
    "a pattern of one's own without end": (
        json.dumps({"a" * 60 + "!": 1}).encode(),
        "",
        Masker(body_fields=["(a+)+$"]),
    ),
}


def seconds(work: Callable[[bytes], object], bodies: Sequence[bytes]) -> float:
    """Return how long `work` takes for all of `bodies`."""
    started = time.perf_counter()
    for body in bodies:
        work(body)
    return time.perf_counter() - started


def masked(
    masker: Masker, body: bytes, encoding: str = ""
) -> tuple[str | bytes | None, str | None]:
    """Mask one body as one exchange."""
    masker.begin()
    return masker.body(body, encoding)


def report_kinds(names: Sequence[str], rounds: int, count: int) -> None:
    """Print the time of each kind against `json.loads`."""
    print(f"{'kind':<50} {'bytes':>6} {'us':>6} {'json.loads':>10} {'ratio':>6}")
    for name in names:
        make, masker = KINDS[name]
        ours, floors = [], []
        for number in range(rounds):
            bodies = [json.dumps(make(number * count + i)).encode() for i in range(count)]
            floors.append(seconds(json.loads, bodies))
            ours.append(seconds(lambda body, masker=masker: masked(masker, body), bodies))
        ratio = statistics.median(a / b for a, b in zip(ours, floors, strict=True))
        ours_us, floor_us = (statistics.median(times) / count * 1e6 for times in (ours, floors))
        print(f"{name:<50} {len(bodies[0]):>6} {ours_us:>6.1f} {floor_us:>10.1f} {ratio:>6.2f}")


def report_hostile() -> None:
    """Print the time and the steps of each hostile body."""
    print(f"\n{'hostile':<50} {'bytes':>6} {'ms':>6} {'steps':>7}  kept as")
    for name, (body, encoding, masker) in HOSTILE.items():
        started = time.perf_counter()
        _, note = masked(masker, body, encoding)
        spent = (time.perf_counter() - started) * 1e3
        print(f"{name:<50} {len(body):>6} {spent:>6.1f} {masker.steps:>7}  {note or 'it came'}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--bodies", type=int, default=500)
    parser.add_argument("--kinds", default="")
    args = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(describe("msgspec"))
    chosen = [kind for kind in KINDS if any(part in kind for part in args.kinds.split(","))]
    report_kinds(chosen, args.rounds, args.bodies)
    report_hostile()


if __name__ == "__main__":
    main()
