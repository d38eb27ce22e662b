"""The dashboard: pages about a store, drawn on the server, for people who would rather look.

- `access`: who may see it: hosts, the token, the origin of writes, security headers
- `rendering`: templates, and the form of numbers and times
- `table`: rows of a page, also as CSV and JSON at their own addresses
- `asked`: what the address of a page asks for
- `home_page`, `model_page`, `exchange_pages`, `alert_pages`, `health_page`: one page each
- `app`: the Starlette app of all pages
- `report_file`: the same charts as one file
- `server`: the command's own server on loopback
"""
