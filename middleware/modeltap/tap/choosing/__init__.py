"""Selection of the exchanges to record, and of their model.

In reading order: `routing` maps a path to a model, `probes` recognizes requests of monitors, which
are not traffic, and `sampling` keeps a fraction of the rest.
"""
