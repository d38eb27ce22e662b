"""The process that makes the pages of a watched app, which the app only passes on.

`page_maker` makes one page; `page_server` receives requests on a socket until the app has ended;
`__main__` starts it.
"""
