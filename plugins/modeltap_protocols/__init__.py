"""Decoders of bodies into rows and predictions: one protocol per file, each a `decode` hook.

- `mapping`: paths that the user configures
- `v1`, `open_inference`, `mlflow`, `sagemaker`, `bentoml`, `gradio`, `huggingface`: model servers
- `openai_chat`, `openai_completions`, `openai_responses`, `openai_embeddings`,
  `anthropic_messages`, `ollama`: language models
- `comma_separated`, `json_lines`, `parquet`, `json_shape`: formats without a protocol
- `cloudevents`: an envelope around any other protocol
- `_shared`: code that several protocols use
"""
