"""Debian's Prometheus reads a real dashboard; every panel's query runs on it.

The example's files for Prometheus, Grafana and docker compose are read as these programs do.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from command import completed
from drifted_store import files, gone_wrong
from modeltap.bridges.grafana_panels import PANEL_ROWS
from modeltap.config.metrics import CATALOGUE
from modeltap.store.connection import connect, writing
from modeltap.store.dropped import record_dropped
from modeltap.store.metrics import METRIC_COLUMNS, save_metrics
from ports import free_port

__all__ = ["files", "gone_wrong"]

EXAMPLE = Path(__file__).parents[2] / "examples/monitoring"
PANELS = [panel for row in PANEL_ROWS for panel in row.panels]
SEGMENTS = {"demographic_parity_difference": "sex", "evaluator_pass_rate": "evaluator=json"}
FEATURES = ("drift", "missing_rate", "unseen_rate", "out_of_range_rate", "type_mismatch_rate")

yaml = pytest.importorskip("yaml", reason="pip install pyyaml")
needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="apt-get install prometheus"
)


@contextmanager
def running(*words, log):
    """Run a program until the end of the block."""
    with log.open("w") as file, subprocess.Popen(words, stdout=file, stderr=file) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


def until(condition, what):
    """Return the first result of `condition` that is true."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            if result := condition():
                return result
        except httpx.TransportError:
            pass
        time.sleep(0.3)
    raise AssertionError(what)


def fill(store):
    """Give the store a value of every metric of the catalogue, a loss and a message."""
    with closing(connect(store)) as connection, writing(connection):
        rows = [
            {
                "model": "m",
                "version": "",
                "window": "1h",
                "window_start": "2026-01-01T00:00:00.000Z",
                "window_end": "2026-01-01T01:00:00.000Z",
                "rows": 100,
                "metric": metric,
                "feature": "amount" if metric in FEATURES else None,
                "segment": SEGMENTS.get(metric),
                "value": 0.5,
                "at_once": 0,
                "in_reference": 0,
                "computed_at": "2026-01-01T01:00:00.000Z",
            }
            for metric in CATALOGUE
        ]
        save_metrics(connection, [{name: row.get(name) for name in METRIC_COLUMNS} for row in rows])
        record_dropped(connection, "m", "h", 1, {"queue_full": 3})
        connection.execute(
            "insert into deliveries (id, webhook, event_type, alert_ids, body, state, created_at) "
            "values ('d', 'w', 'test', '[]', '{}', 'dead', '2026-01-01T00:00:00.000Z')"
        )


@pytest.fixture(scope="module")
def prometheus(files, tmp_path_factory):
    """Prometheus with the example's settings, and a dashboard that it reads each second."""
    store, folder = files / "cli.db", tmp_path_factory.mktemp("prometheus")
    fill(store)
    page, own = free_port(), free_port()
    settings = yaml.safe_load((EXAMPLE / "prometheus/prometheus.yml").read_text())
    settings["global"]["scrape_interval"] = "1s"
    settings["scrape_configs"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{page}"]
    shutil.copy(EXAMPLE / "prometheus/alerts.yml", folder)
    (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
    dashboard = (sys.executable, "-m", "modeltap", "dashboard", "--store", store, "--port", page)
    words = [str(word) for word in (*dashboard, "--token", "change-me")]
    with (
        running(*words, log=folder / "dashboard.log"),
        running(
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{own}",
            log=folder / "prometheus.log",
        ),
        httpx.Client(base_url=f"http://127.0.0.1:{own}", verify=False) as client,
    ):

        def ask(expression):
            answer = client.get("/api/v1/query", params={"query": expression}).json()
            assert answer["status"] == "success", (expression, answer)
            return answer["data"]["result"]

        # Rates need two values.
        until(
            lambda: (
                float(ask("count_over_time(up[5m])")[0]["value"][1]) >= 3
                if ask("up == 1")
                else None
            ),
            (folder / "prometheus.log").read_text(),
        )
        yield client, ask


@pytest.mark.slow
@needs_prometheus
def test_every_panel_has_an_answer(prometheus):
    _, ask = prometheus
    answers = {}
    for panel in PANELS:
        for query in panel.queries:
            expression = query.expression
            for name, value in (
                ("$model", ".*"),
                ("$environment", ".*"),
                ("$__rate_interval", "1m"),
                ("$__range", "1h"),
            ):
                expression = expression.replace(name, value)
            answers[panel.title, query.expression] = len(ask(expression))
    assert [key for key, count in answers.items() if not count] == []


@pytest.mark.slow
@needs_prometheus
def test_the_alert_rules_of_the_example_are_evaluated(prometheus):
    """The given-up message of the store fires; the rules have no error."""
    client, _ = prometheus

    def rules():
        (group,) = client.get("/api/v1/rules").json()["data"]["groups"]
        found = {rule["name"]: rule for rule in group["rules"]}
        return found if found["ModeltapMessagesNotDelivered"]["state"] == "firing" else None

    found = until(rules, "no alert of the example fires")
    assert [rule["lastError"] for rule in found.values() if rule.get("lastError")] == []


@pytest.mark.slow
@needs_prometheus
def test_promtool_finds_nothing_to_say_about_the_page(prometheus, files):
    from modeltap.dashboard.prometheus_page import prometheus_text

    with closing(connect(files / "cli.db")) as connection:
        text = prometheus_text(connection)
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_composition_mounts_files_that_exist_and_opens_nothing_to_the_network():
    compose = yaml.safe_load((EXAMPLE / "docker-compose.yml").read_text())
    services = compose["services"]
    assert set(compose) == {"services", "volumes"}
    assert set(services) == {"app", "dashboard", "prometheus", "grafana"}
    for name, service in services.items():
        assert ("image" in service) != ("build" in service), name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
        assert set(service.get("depends_on", ())) <= set(services)
        if "image" in service:
            assert ":" in service["image"] and not service["image"].endswith(":latest")
        for volume in service["volumes"]:
            source, _, _ = volume.partition(":")
            assert (EXAMPLE / source).exists() if "/" in source else source in compose["volumes"]


def test_the_image_is_built_from_files_of_the_clone():
    services = yaml.safe_load((EXAMPLE / "docker-compose.yml").read_text())["services"]
    lines = (EXAMPLE / "Dockerfile").read_text().splitlines()
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY ")]
    assert {name for names in copied for name in names} >= {"pyproject.toml", "middleware"}
    for service in services.values():
        if "build" in service:
            folder = EXAMPLE / service["build"]["context"]
            assert (folder / service["build"]["dockerfile"]).samefile(EXAMPLE / "Dockerfile")
            assert all((folder / name).exists() for names in copied for name in names)


def test_the_parts_of_the_example_name_each_other_rightly():
    """Ports, tokens and names of services agree; the command's options exist."""
    services = yaml.safe_load((EXAMPLE / "docker-compose.yml").read_text())["services"]
    scrape = yaml.safe_load((EXAMPLE / "prometheus/prometheus.yml").read_text())
    (job,) = scrape["scrape_configs"]
    host, _, port = job["static_configs"][0]["targets"][0].partition(":")
    assert host in services and f"127.0.0.1:{port}:{port}" in services[host]["ports"]
    token = services[host]["environment"]["DASHBOARD_TOKEN"]
    assert job["authorization"]["credentials"] in token
    sources = yaml.safe_load(
        (EXAMPLE / "grafana/provisioning/datasources/prometheus.yml").read_text()
    )
    assert sources["datasources"][0]["url"] == "http://prometheus:9090"
    provider = yaml.safe_load(
        (EXAMPLE / "grafana/provisioning/dashboards/modeltap.yml").read_text()
    )
    path = provider["providers"][0]["options"]["path"]
    assert any(volume.split(":")[1] == path for volume in services["grafana"]["volumes"])
    words = services["dashboard"]["command"]
    shown = completed(*words[1:2], "--help")
    assert shown.returncode == 0
    assert all(word in shown.stdout for word in words if word.startswith("--"))
