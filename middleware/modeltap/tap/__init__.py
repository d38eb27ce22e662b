"""The tap: what stands around an app, and hands its exchanges to the writer process.

In reading order: `asgi` and `wsgi` wrap web apps and record each request once (`nesting`,
`nested_options`); `functions`, `decorated` and `calls` tap calls without HTTP. `tapping` is what
they share: it fixes the paths in its options, lets `choosing` tell what is tapped, has the app's
own function mask them (`custom_mask`), packs an `exchange` (`packing`) and hands it to
`recording`, which brings it to the writer process.
"""
