"""The tap: wraps an app and passes its exchanges to the writer process.

In reading order: `asgi` and `wsgi` (with `wsgi_environ` and `wsgi_input`) wrap web apps and record
each request once (`nesting`); `functions`, `decorated` and `calls` tap calls without HTTP. All
share `tapping`: it checks its options (`app_options`), selects exchanges with `choosing`, packs
each `exchange` (`packing`) and passes it to `recording`, which sends it to the writer process.
`endpoints` serves requests that the tap answers itself, and `labelling` those with labels.
"""
