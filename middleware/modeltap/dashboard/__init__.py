"""The dashboard: pages about a store, drawn on the server, for people who would rather look.

- `access`: hosts, the token, the origin of writes, security headers
- `rendering`: templates, and the form of numbers and times
- `page_table`: rows of a page, also as CSV and JSON at their own addresses
- `asked`: addresses of pages, and the model that an address names
- `alert_picture`: the chart of an alert
- `home_page`, `model_page`, `health_page`: one page each
- `pages`: the pages of exchanges, alerts and reviews
- `dashboard_app`: the Starlette app of all pages
- `prometheus_page`: the same facts for Prometheus
- `report_file`: the same charts as one file
- `dashboard_server`: the command's own server on loopback
"""
