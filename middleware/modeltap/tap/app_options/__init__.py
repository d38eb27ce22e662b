"""Options that only the app itself can check or apply.

In reading order: `local_paths` resolves the paths in options and checks them; `custom_version` and
`custom_mask` call the app's own functions; `nested_options` combines the options of two taps that
a request passes; `shadow_check` compares `shadow` with the rest.
"""
