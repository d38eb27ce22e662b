"""A corpus of secrets and of features, by the routes on which clients send them.

In reading order: `seeds` makes secrets that only their names protect; `traces` finds them in files
in any encoding; `visit` describes an exchange. `spellings` are names of secrets; `structures` put
a name and a value into JSON, `texts` into other text; `encodings` encode bodies; `addresses` are
paths, queries and headers; `answers` are responses of apps; `awkward` are secrets with special
characters, and numbers. `sequences` send clean bodies before the others; `features` are not
secret; `limits` are secrets that are not found. `live` sends all of it to `apps`, `imports` writes
it to files.
"""

from __future__ import annotations

from secret_corpus import addresses, answers, awkward, encodings, spellings, structures, texts
from secret_corpus.visit import Route

_MODULES = (spellings, structures, texts, encodings, addresses, answers, awkward)


def all_routes() -> list[Route]:
    """Return all routes of secrets, each with a unique name."""
    routes = [route for module in _MODULES for route in module.routes()]
    assert len({route.name for route in routes}) == len(routes)
    return routes
