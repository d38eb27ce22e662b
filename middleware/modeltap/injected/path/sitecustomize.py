"""The sitecustomize of commands started by `modeltap run`, imported when Python starts.

It waits for the import of uvicorn or gunicorn, and wraps each app that they load. It may run in a
Python without modeltap, so it uses only modules of the standard library that Python has already
loaded. An error in here must never stop the command.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # importing typing would take longer than the rest of this module
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_reported: set[str] = set()


class _Finder:
    """An import hook that delegates to the other finders and acts on a server's module."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in _ACTS:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec = find(name, path, target) if find and finder is not self else None
            if spec is not None:
                try:
                    _act_after(spec.loader, _ACTS[name])
                except Exception as error:  # an unusual loader must not stop the command
                    _report(
                        f"{name} has an unsupported loader ({error!r}); the app is not recorded"
                    )
                return spec
        return None


def _act_after(loader: Any, act: Callable[[Any], None]) -> None:
    execute = loader.exec_module

    def exec_module(module: Any) -> None:
        execute(module)
        try:
            act(module)
        except Exception as error:
            _report(
                f"{module.__name__} has an unsupported version ({error!r}); the app is not recorded"
            )

    loader.exec_module = exec_module


def _uvicorn(module: Any) -> None:
    """Patch uvicorn to wrap the app that a worker loads, outside of its other middleware."""
    load = module.Config.load

    def load_and_tap(self: Any) -> None:
        load(self)
        self.loaded_app = _tapped(self.loaded_app, "asgi")

    module.Config.load = load_and_tap


def _gunicorn(module: Any) -> None:
    """Patch gunicorn to wrap the app it loads. Its uvicorn workers load apps with `Config`."""
    wsgi = module.BaseApplication.wsgi

    def load_and_tap(self: Any) -> Any:
        app = wsgi(self)
        kinds = [_WORKERS.get(base.__module__) for base in self.cfg.worker_class.__mro__]
        kind = next(filter(None, kinds), None)
        return app if kind is None else _tapped(app, kind)

    module.BaseApplication.wsgi = load_and_tap


_ACTS = {"uvicorn.config": _uvicorn, "gunicorn.app.base": _gunicorn}
_WORKERS = {
    "gunicorn.workers.gasgi": "asgi",
    "gunicorn.workers.sync": "wsgi",
    "gunicorn.workers.gthread": "wsgi",
}
"""The kind of app that each worker module calls. Other workers are not patched."""


def _tapped(app: Any, kind: str) -> Any:
    try:
        from modeltap.injected.servers import tapped

        return tapped(app, kind)
    except ImportError as error:
        _report(
            f"{sys.executable} cannot import modeltap ({error}); the app is not recorded. Run "
            f"{sys.executable} -m pip install modeltap"
        )
    except Exception as error:
        _report(f"{error}; the server continues, but the app is not recorded")
    return app


def _report(message: str) -> None:
    """Print a message to standard error, once per process."""
    if message not in _reported and sys.stderr is not None:
        _reported.add(message)
        line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in message)
        print(f"modeltap: {line}", file=sys.stderr, flush=True)


def _run_next(own_folder: str) -> None:
    """Run the sitecustomize that this one shadows, if any."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    others = [folder for folder in sys.path if folder != own_folder]
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        module = sys.modules["sitecustomize"] = module_from_spec(spec)
        spec.loader.exec_module(module)


if __name__ == "sitecustomize":
    sys.meta_path.insert(0, _Finder())
    _run_next(__file__.rpartition("/")[0])
