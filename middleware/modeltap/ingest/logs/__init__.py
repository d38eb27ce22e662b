"""Log formats of other tools, one module per tool.

- `cloudevents`: the envelope that several tools use
- `kserve`, `azureml`, `sagemaker`, `bentoml`: readers of their logs
"""
