"""Python imports this when it starts, where `modeltap run` put this folder on its path.

It waits until uvicorn or gunicorn is imported, and has each app that they load tapped. It may
run in a Python that has no modeltap, so it imports the standard library alone, and nothing at
all that Python has not loaded anyway; whatever goes wrong in here, the command goes on.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # as typing has it, which takes longer to import than all of this
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_reported: set[str] = set()


class _Finder:
    """Finds nothing itself: has others find a server's module, and acts once it is imported."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in _ACTS:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec = find(name, path, target) if find and finder is not self else None
            if spec is not None:
                try:
                    _act_after(spec.loader, _ACTS[name])
                except Exception as error:  # whatever loads it: the command goes on
                    _say(f"{name} is loaded in a way of its own ({error!r}), so it is not tapped")
                return spec
        return None


def _act_after(loader: Any, act: Callable[[Any], None]) -> None:
    execute = loader.exec_module

    def exec_module(module: Any) -> None:
        execute(module)
        try:
            act(module)
        except Exception as error:
            _say(f"this {module.__name__} is not known ({error!r}), so it is not tapped")

    loader.exec_module = exec_module


def _uvicorn(module: Any) -> None:
    """Have the app that a worker of uvicorn loads tapped, around all that it is wrapped in."""
    load = module.Config.load

    def tapping(self: Any) -> None:
        load(self)
        self.loaded_app = _tapped(self.loaded_app, "asgi")

    module.Config.load = tapping


def _gunicorn(module: Any) -> None:
    """Have the app that gunicorn loads tapped; uvicorn's workers in it load theirs by `Config`."""
    wsgi = module.BaseApplication.wsgi

    def tapping(self: Any) -> Any:
        app = wsgi(self)
        kinds = [_WORKERS.get(base.__module__) for base in self.cfg.worker_class.__mro__]
        kind = next(filter(None, kinds), None)
        return app if kind is None else _tapped(app, kind)

    module.BaseApplication.wsgi = tapping


_ACTS = {"uvicorn.config": _uvicorn, "gunicorn.app.base": _gunicorn}
_WORKERS = {
    "gunicorn.workers.gasgi": "asgi",
    "gunicorn.workers.sync": "wsgi",
    "gunicorn.workers.gthread": "wsgi",
}
"""The kinds of apps that workers call; workers of other modules are left alone."""


def _tapped(app: Any, kind: str) -> Any:
    try:
        from modeltap.injected.servers import tapped

        return tapped(app, kind)
    except ImportError as error:
        _say(
            f"{sys.executable} cannot import it ({error}), so what it serves is not tapped; "
            f"install it there: {sys.executable} -m pip install modeltap"
        )
    except Exception as error:
        _say(f"{error}; the server goes on, and is not tapped")
    return app


def _say(message: str) -> None:
    """Say it on standard error, once in a process."""
    if message not in _reported and sys.stderr is not None:
        _reported.add(message)
        line = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in message)
        print(f"modeltap: {line}", file=sys.stderr, flush=True)


def _run_the_next(own_folder: str) -> None:
    """Run the sitecustomize that this one stands before, if there is one."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    others = [folder for folder in sys.path if folder != own_folder]
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        module = sys.modules["sitecustomize"] = module_from_spec(spec)
        spec.loader.exec_module(module)


if __name__ == "sitecustomize":
    sys.meta_path.insert(0, _Finder())
    _run_the_next(__file__.rpartition("/")[0])
