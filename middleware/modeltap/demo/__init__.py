"""A demo on real data: a model of flight times whose errors grow as winter ends.

- `play`: the demo from the data to the alerts
- `flights`, `flight_model`: the data, and the model trained on it
- `app`, `server`: the API, and the process that serves it
- `replay`: requests in event time, with labels a day later
- `stage`, `screen`: output for people and for programs
"""
