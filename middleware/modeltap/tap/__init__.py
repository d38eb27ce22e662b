"""The tap: wraps an app and passes its exchanges to the writer process.

In reading order: `asgi` and `wsgi` wrap web apps and record each request once (`nesting`,
`nested_options`); `functions`, `decorated` and `calls` tap calls without HTTP. All share
`tapping`: it resolves the paths in its options, selects exchanges with `choosing`, masks them with
the app's own function (`custom_mask`), packs each `exchange` (`packing`) and passes it to
`recording`, which sends it to the writer process. `labelling` serves the endpoint for labels.
"""
