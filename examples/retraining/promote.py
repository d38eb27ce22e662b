"""Play the months before and after the promotion of a retrained model.

python promote.py
"""

import csv
import json
import subprocess
import sys
from pathlib import Path

import joblib
import training
import weekly

from modeltap import clock
from modeltap.demo import flights as source

STORE = "flights.db"
EVERY = 4  # one flight of four: enough for weekly windows
PROMOTION, END = clock.parse("2013-05-27"), clock.parse("2013-06-17")


def modeltap(*words):
    """Run a command and return what it printed."""
    command = [sys.executable, "-m", "modeltap", *words, "--store", STORE]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def serve(model, flights, name):
    """Record the model's predictions for flights, with their true times, as an API would."""
    codes, regressor = model
    rows = [flight.features for flight in flights]
    columns = {key: [row[key] for row in rows] for key in training.CATEGORIES + training.NUMBERS}
    minutes = regressor.predict(training.matrix(columns, codes))
    with Path(f"{name}.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "time", *columns, "prediction", "label"])
        for number, flight in enumerate(flights):
            features = (columns[key][number] for key in columns)
            times = round(minutes[number], 1), flight.air_time
            writer.writerow([f"{name}-{number}", clock.iso(flight.time), *features, *times])
    columns_of = ["--id", "id", "--timestamp", "time", "--prediction", "prediction"]
    modeltap("import", f"{name}.csv", "--model", "flights", *columns_of, "--label", "label")
    modeltap("analyze")


def alerts():
    """Return the performance alerts of the model."""
    rows = map(json.loads, modeltap("alerts", "--json").splitlines())
    return [row for row in rows if row["rule"] == "performance"]


def errors():
    """Return the mean absolute error of each week."""
    rows = map(json.loads, modeltap("metrics", "--metric", "mae", "--json").splitlines())
    return [(row["window_start"][:10], row["value"]) for row in rows if row["segment"] is None]


def main():
    """Play January to May with the old model, retrain it, and play two weeks with the new one."""
    flown = [flight for flight in source.load() if flight.air_time is not None][::EVERY]
    winter = [flight for flight in flown if flight.month <= 2]
    rows, minutes = [flight.features for flight in winter], [flight.air_time for flight in winter]
    # Trained on every second flight, so that the reference is not of rows that it has seen.
    old = training.fit(rows[::2], minutes[::2])
    served = winter[1::2] + [flight for flight in flown if flight.month > 2]
    served = [flight for flight in served if flight.time < PROMOTION]
    serve(old, sorted(served, key=lambda flight: flight.time), "before")
    for alert in alerts():
        print(f"{alert['state']}: {alert['summary']}")

    weekly.main()  # as cron runs it
    new = joblib.load(weekly.MODEL)
    serve(new, [flight for flight in flown if PROMOTION <= flight.time < END], "after")
    for week, error in errors():
        print(f"{week}: mean absolute error {error:.1f} minutes")
    for alert in alerts():
        print(f"{alert['state']}: {alert['summary']}")


if __name__ == "__main__":
    main()
