"""Serving frameworks to which the tap can be attached, one per file, each an `attach` hook.

- `origin`: the package that defines an app's class
- `starlette_app`, `litestar_app`, `quart_app`, `django_app`, `flask_app`: web frameworks
- `kserve_app`, `bentoml_app`, `litserve_app`, `gradio_app`: model servers
- `callable_app`: a bare ASGI or WSGI callable, or a model's function
"""
