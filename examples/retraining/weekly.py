"""Retrain by the policy in modeltap.toml, and promote a better candidate; cron runs it weekly.

python weekly.py

The exit code is 1 if the model was not replaced, with the reason, so that cron reports it.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from training import CANDIDATE

MODEL = "model.joblib"
"""The model that the API loads when it starts."""


def main():
    """Run the policy; replace the model in one step if the candidate is better."""
    command = [sys.executable, "-m", "modeltap", "retrain", "--model", "flights", "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if not done.stdout:
        sys.exit("no retraining; the reason is above")
    run = json.loads(done.stdout)
    print(f"retrained on {run['rows']} rows: {run['state']}, candidate is {run['verdict']}")
    if run["verdict"] != "better":
        sys.exit("the candidate was not shown to be better; the old model stays")
    shutil.copyfile(CANDIDATE, f"{MODEL}.new")
    Path(f"{MODEL}.new").replace(MODEL)


if __name__ == "__main__":
    main()
