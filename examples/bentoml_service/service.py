"""A BentoML service with a model of iris flowers, tapped by one line."""

import bentoml
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

import modeltap


@bentoml.service
class Iris:
    def __init__(self) -> None:
        data = load_iris()
        self.names = [str(name) for name in data.target_names]
        self.model = LogisticRegression(max_iter=500).fit(data.data, data.target)

    @bentoml.api
    def predict(self, rows: list[list[float]]) -> list[str]:
        return [self.names[number] for number in self.model.predict(rows)]


modeltap.watch(Iris, model="iris", include_paths=["/predict"])
