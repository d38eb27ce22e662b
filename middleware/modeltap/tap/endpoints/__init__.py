"""Endpoints that the tap serves itself, beside the app: labels, the dashboard, `/metrics`.

In reading order: `own_endpoint` is what an endpoint offers, with its requests and replies;
`asgi_endpoints` and `wsgi_endpoints` serve endpoints in an app; `app_routes` finds a route of the
app at the same path. The pages: `page_access` decides who may see them, `sign_in` asks for the
token, `page_endpoint` checks a
request and passes it on, `page_child` starts and finds the process that makes the pages,
`page_folder` is where this process is found, `page_channel` has the messages
between the two, and `queue_report` tells that process the length of the queue.
"""
