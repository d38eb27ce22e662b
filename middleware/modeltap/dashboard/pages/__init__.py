"""Pages about single things: each returns the values of its template, and its tables.

- `exchange_pages`: a search whose filter is its address, and one exchange in full
- `body_texts`, `curl_command`: bodies that fit into a page, and a command that sends one again
- `review_pages`: the queue of rows that are worth a label
- `clicked_cell`: the window of a feature that a click on the heat map meant
- `alert_pages`, `alert_changes`: all alerts, one alert, and what people do about it
"""
