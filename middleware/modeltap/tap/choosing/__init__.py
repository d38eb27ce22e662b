"""Choosing exchanges: which are tapped, and for which model.

In reading order: `routing` finds the model that a path belongs to, `probes` knows requests of
monitors, which are no traffic; `sampling` keeps a fraction of the rest.
"""
