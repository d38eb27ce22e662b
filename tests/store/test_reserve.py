"""A completely full disk during an alert: the alert is stored and sent, and the error is clear."""

from __future__ import annotations

import pytest

from command import lines, modeltap
from disks import fill, small_disk
from modeltap.store import reserve
from modeltap.store.connection import connect
from modeltap.testing import WebhookReceiver
from stores import every, put

ROWS = [{"x": (n * 7919 % 1000) / 100 + (0 if n < 700 else 6)} for n in range(1000)]
FULL = "modeltap: the disk that holds store 'modeltap.db' is full: free some space\n"


@pytest.fixture
def disk(tmp_path):
    """Return a store with a reference and drifting rows, not analysed yet, and a receiver."""
    with small_disk(tmp_path / "disk", "16m") as folder, WebhookReceiver() as receiver:
        (folder / "modeltap.toml").write_text(
            f"store = 'modeltap.db'\nreference = 'first 600 rows'\n"
            f"[[webhooks]]\nurl = '{receiver.url}'\nallow_private = true\n"
        )
        put(folder / "modeltap.db", every(1, 660), ROWS[:660])
        modeltap("analyze", cwd=folder)
        put(folder / "modeltap.db", every(1, 340, first=660), ROWS[660:], prefix="late")
        yield folder, receiver


def test_the_reserve_allows_an_alert_to_be_stored_and_sent(disk):
    folder, receiver = disk
    assert (folder / "modeltap.db-reserve").stat().st_mode & 0o777 == 0o600
    fill(folder)
    output = modeltap("analyze", "--open", cwd=folder)
    assert "10 windows evaluated, 1 message delivered" in output
    assert receiver.received[0].event["data"]["rule"] in ("data_drift", "data_quality")
    assert not (folder / "modeltap.db-reserve").exists()
    (alert,) = lines(modeltap("alerts", "--json", cwd=folder))
    assert alert["state"] == "firing"


def test_without_a_reserve_there_is_a_clear_error_and_no_loss(disk):
    folder, receiver = disk
    (folder / "modeltap.db-reserve").unlink()
    ballast = fill(folder)
    for command in (("analyze", "--open"), ("deliver",), ("alerts",)):
        assert modeltap(*command, code=1, cwd=folder) == FULL
    assert receiver.received == []
    ballast.unlink()
    assert "1 message delivered" in modeltap("analyze", "--open", cwd=folder)
    assert (folder / "modeltap.db-reserve").exists()


def test_a_small_disk_has_no_reserve(tmp_path):
    with small_disk(tmp_path / "disk", "6m") as folder:
        put(folder / "modeltap.db", every(1, 100), ROWS[:100])
        modeltap("analyze", cwd=folder)
        assert not (folder / "modeltap.db-reserve").exists()


@pytest.mark.parametrize("there", [False, True], ids=["dangling", "to a file"])
def test_the_reserve_is_never_written_through_a_link(tmp_path, store, there):
    """A link in the folder may point to another file, which is left unchanged."""
    connect(store).close()
    victim = tmp_path / "victim"
    if there:
        victim.write_text("theirs")
    link = store.with_name("taps.db-reserve")
    link.symlink_to(victim)
    reserve.keep(store)
    assert victim.exists() == there and link.is_symlink()
    assert reserve.give_up(store) and not link.is_symlink()
    assert not there or victim.read_text() == "theirs"
    reserve.keep(store)
    assert link.stat().st_size == 4 * 1024 * 1024 and link.stat().st_mode & 0o777 == 0o600
