def start(store, settings): return lambda: None
