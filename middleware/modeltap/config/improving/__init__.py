"""Options of the ways to a better model.

- `shadow_settings`: a challenger that receives a fraction of a model's requests
"""
