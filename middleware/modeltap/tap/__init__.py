"""The tap: wraps an app and passes its exchanges to the writer process.

In reading order: `asgi` and `wsgi` wrap web apps and record each request once (`nesting`,
`nested_options`); `functions`, `decorated` and `calls` tap calls without HTTP. All share
`tapping`: it resolves the paths in its options, checks its challengers (`shadow_check`), selects
exchanges with `choosing`, calls the app's own functions (`custom_mask`, `custom_version`), packs
each `exchange` (`packing`) and passes it to `recording`, which sends it to the writer process.
`endpoints` serves requests that the tap answers itself, and `labelling` those with labels.
"""
