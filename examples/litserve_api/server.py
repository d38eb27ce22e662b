"""A LitServe server with a model of iris flowers, tapped by one line."""

import litserve
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

import modeltap


class Iris(litserve.LitAPI):
    def setup(self, device):  # noqa: ARG002 (LitServe passes it)
        data = load_iris()
        self.names = [str(name) for name in data.target_names]
        self.model = LogisticRegression(max_iter=500).fit(data.data, data.target)

    def decode_request(self, request):
        return request["rows"]

    def predict(self, rows):
        return [self.names[number] for number in self.model.predict(rows)]

    def encode_response(self, names):
        return {"predictions": names}


if __name__ == "__main__":
    server = litserve.LitServer(Iris(), accelerator="cpu")
    modeltap.watch(server, model="iris")
    server.run(host="127.0.0.1", port=8000, generate_client_file=False)
