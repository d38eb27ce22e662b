"""Links of the documentation's site: a link that leaves docs/ leads to the repository."""

import posixpath
import re

_OUTSIDE = re.compile(r"\]\((\.\./[^)\s]+)\)")


def on_page_markdown(markdown, page, config, **_):
    """Return a page's text with links to files outside docs/ as addresses of the repository."""
    folder = posixpath.dirname(page.file.src_uri)

    def linked(match):
        path = posixpath.normpath(posixpath.join("docs", folder, match[1]))
        if path.startswith("docs/"):
            return match[0]
        return f"]({config.extra['source']}/{path})"

    return _OUTSIDE.sub(linked, markdown)
