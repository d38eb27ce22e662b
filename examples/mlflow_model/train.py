"""Train a model of iris flowers, and save it in MLflow's form in the folder `model`."""

import mlflow
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

features, species = load_iris(return_X_y=True, as_frame=True)
model = LogisticRegression(max_iter=500).fit(features, species)
mlflow.sklearn.save_model(model, "model", serialization_format="cloudpickle")
