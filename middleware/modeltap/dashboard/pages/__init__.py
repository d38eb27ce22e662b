"""Pages about single things: each returns the values of its template, and its tables.

- `exchange_pages`: a search whose filter is its address, and one exchange in full
- `body_texts`, `curl_command`: bodies that fit into a page, and a command that sends one again
- `alert_pages`: all alerts, one alert, and what people do about it
"""
