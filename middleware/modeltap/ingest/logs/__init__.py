"""The formats of other tools' logs, a tool a module.

- `cloudevents`: the envelope that several of them use
- `kserve`, `azureml`, `sagemaker`, `bentoml`
"""
