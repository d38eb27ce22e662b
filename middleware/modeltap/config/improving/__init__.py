"""Options of the ways to a better model.

- `shadow_settings`: a challenger that receives a fraction of a model's requests
- `retrain_settings`: when a model is retrained, on which rows, and by what
"""
