"""The commands: where each is, and its line in the help.

A command is imported when it is used: importing all of them takes a second.
"""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

import click


class Listed(NamedTuple):
    """A command that is not imported yet: its module in this package, its name there, its help."""

    module: str
    name: str
    help: str

    def load(self) -> click.Command:
        """Import the command."""
        command: click.Command = getattr(import_module(f"modeltap.cli.{self.module}"), self.name)
        return command

    def short_help(self, limit: int) -> str:
        """Return the help in at most `limit` characters."""
        return click.Command(self.name, help=self.help).get_short_help_str(limit)


COMMANDS = {
    "acknowledge": Listed("silence", "acknowledge", "Acknowledge alerts and stop their reminders."),
    "alerts": Listed("alerts", "alerts", "List alerts, oldest first, including resolved ones."),
    "analyze": Listed("analyze", "analyze", "Evaluate new data and send alerts."),
    "compare": Listed(
        "comparing", "compare", "Compare a candidate with the current model on the same rows."
    ),
    "completion": Listed(
        "completion", "completion", "Print the script that completes modeltap in a SHELL."
    ),
    "dataset": Listed("golden", "dataset", "Write labelled rows to a golden set for `compare`."),
    "dashboard": Listed("dashboard", "dashboard", "Show the store in a browser."),
    "datasette": Listed("datasette", "datasette", "Browse the store with Datasette."),
    "deliver": Listed(
        "jobs", "deliver", "Send pending messages; check for missing traffic and labels."
    ),
    "demo": Listed("demo", "demo", "Run a real model that goes wrong, and show its alerts."),
    "digest": Listed("jobs", "digest", "Send subscribed webhooks a summary since the last digest."),
    "doctor": Listed("doctor", "doctor", "Check the installation, and list what is not monitored."),
    "drift": Listed("reports", "drift", "Compare inputs and predictions with the reference."),
    "erase": Listed("erase", "erase_", "Erase a person's exchanges and values from the store."),
    "evaluate": Listed("evaluate", "evaluate", "Run the evaluators on the newest outputs."),
    "explain": Listed(
        "explaining", "explain", "Show the evidence of an alert, and what goes with a loss."
    ),
    "errors": Listed("errors", "errors", "List wrong predictions and failed requests, in groups."),
    "export": Listed("exporting", "export_", "Export decoded rows with predictions and labels."),
    "fairness": Listed("reports", "fairness", "Compare groups of rows that the settings name."),
    "grafana": Listed("grafana", "grafana", "Print a Grafana dashboard of all models as JSON."),
    "import": Listed(
        "importing", "import_", "Import exchanges from tables or from other tools' logs."
    ),
    "label": Listed("labels", "label", "Store labels (ground truth) for predictions."),
    "labels": Listed(
        "labels_report", "labels", "Show how many labels models have, and how they arrive."
    ),
    "latency": Listed("reports", "latency", "Report response times, throughput and error rates."),
    "mcp": Listed("mcp", "mcp", "Answer coding agents by MCP on standard input and output."),
    "metrics": Listed("reports", "metrics", "List metrics by window, oldest first."),
    "mlflow": Listed(
        "mlflow", "mlflow", "Log the metrics of a model's windows to a run of MLflow."
    ),
    "otel": Listed("otel", "otel", "Send metrics and alerts to a receiver of OpenTelemetry."),
    "performance": Listed(
        "reports", "performance", "Report the model's performance on labelled rows."
    ),
    "prune": Listed("jobs", "prune", "Delete exchanges that exceed the configured `retention`."),
    "quality": Listed(
        "reports", "quality", "Report missing, invalid and new values, gaps, changed fields."
    ),
    "receive": Listed(
        "receiving", "receive", "Receive CloudEvents from KServe's logger until stopped."
    ),
    "reference": Listed(
        "reference", "reference", "Manage references, the rows that windows are compared with."
    ),
    "replay": Listed(
        "replaying", "replay_", "Send stored requests again, and keep a candidate's answers."
    ),
    "retrain": Listed("retraining", "retrain", "Run the models' policies of retraining now."),
    "review": Listed("review", "review", "Label the rows that are worth a person's time."),
    "report": Listed("report", "report", "Write the state of all models into one file."),
    "run": Listed("run", "run", "Run a server's COMMAND and record the apps it serves."),
    "show": Listed(
        "exchanges", "show", "Show one exchange in full, with its predictions and labels."
    ),
    "silence": Listed("silence", "silence", "Silence alerts for a period."),
    "slices": Listed("slices", "slices", "List the groups of rows with the largest errors."),
    "status": Listed("status", "status", "Show whether each model is healthy, and why not."),
    "tail": Listed("exchanges", "tail", "Print the latest exchanges, and new ones as they arrive."),
    "version": Listed("version", "version", "Note a model's version, or compare its versions."),
    "webhook": Listed("webhook", "webhook", "List and test webhooks, and resend failed messages."),
    "worker": Listed(
        "worker", "worker", "Run the scheduler until stopped: analyse, deliver, prune."
    ),
}
