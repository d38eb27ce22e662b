"""The Starlette app of the dashboard. It reads the store; forms change alerts and add labels."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.datastructures import FormData
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from modeltap.dashboard.access import AccessMiddleware
from modeltap.dashboard.asked import OtherPage, Pages
from modeltap.dashboard.health_page import health_page
from modeltap.dashboard.home_page import home_page
from modeltap.dashboard.model_page import model_page
from modeltap.dashboard.page_table import PageTable, data_response
from modeltap.dashboard.pages.alert_changes import change_alert_by_form
from modeltap.dashboard.pages.alert_pages import alert_page, alerts_page
from modeltap.dashboard.pages.exchange_pages import exchange_page, exchanges_page
from modeltap.dashboard.pages.review_pages import review_by_form, review_page
from modeltap.dashboard.prometheus_page import prometheus_text
from modeltap.dashboard.rendering import render
from modeltap.errors import ConfigError, InputError, ModeltapError, StoreError
from modeltap.reviewing.review_desk import ReviewDesk
from modeltap.store.connection import connect, connect_reader, writing
from modeltap.store.damage import is_damage
from modeltap.tap.endpoints.page_access import DashboardAccess

Page = Callable[[sqlite3.Connection, Request], tuple[dict[str, Any], list[PageTable]]]
"""A page: the values of its template, and its tables."""

FormHandler = Callable[[Request, dict[str, Any]], Response]
"""Does what a form asks, and returns the response."""

_LONGEST_FORM = 10_000

_NAVIGATION = (
    ("Models", ()),
    ("Alerts", ("alerts",)),
    ("Exchanges", ("exchanges",)),
    ("Review", ("review",)),
    ("Health", ("health",)),
)
"""The pages of the header: title, and the parts of the address."""


def dashboard_app(store: str | Path, access: DashboardAccess) -> Starlette:
    """Return the dashboard of a store as an app that can be mounted anywhere."""
    path = Path(store)
    own_path = Path(__file__).parent

    def health(
        connection: sqlite3.Connection, _: Request
    ) -> tuple[dict[str, Any], list[PageTable]]:
        return health_page(connection, path)

    pages = _PageMaker(path, access)
    routes = [
        Route("/", pages.of("home.html", home_page)),
        Route("/models/{model:name}", pages.of("model.html", model_page), middleware=[_COMPRESSED]),
        Route("/exchanges", pages.of("exchanges.html", exchanges_page)),
        Route("/exchanges/{id:name}", pages.of("exchange.html", exchange_page)),
        Route("/alerts", pages.of("alerts.html", alerts_page)),
        Route("/alerts/{id}", pages.change_alert, methods=["POST"]),
        Route("/alerts/{id}", pages.of("alert.html", alert_page)),
        Route("/review", pages.of("review.html", pages.review)),
        Route("/review", pages.answer_review, methods=["POST"]),
        Route("/health", pages.of("health.html", health)),
        Route("/metrics", pages.metrics),
        Mount("/static", StaticFiles(directory=own_path / "static")),
    ]
    app = Starlette(routes=routes, exception_handlers={404: pages.not_found})
    app.add_middleware(AccessMiddleware, access=access)
    return app


_COMPRESSED = Middleware(GZipMiddleware, compresslevel=3)
"""For the page with most pictures. It has no secret that its compressed size could reveal."""


class _Name(Convertor[str]):
    """Any text of an address: Starlette's own `path` has no line ends."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("name", _Name())


_TOO_LONG = JSONResponse({"error": "the form is too long"}, 413)
_FOREIGN = JSONResponse({"error": "this form is not the dashboard's own"}, 403)


def _is_too_long(request: Request) -> bool:
    return int(request.headers.get("content-length") or _LONGEST_FORM + 1) > _LONGEST_FORM


@contextmanager
def _store_errors(store: Path) -> Iterator[None]:
    """Convert errors of SQLite into `StoreError`: part of a store may be damaged, or it is busy."""
    try:
        yield
    except sqlite3.Error as error:
        fix = "its app moves it aside and starts a new one" if is_damage(error) else "try again"
        raise StoreError(f"store {store.name!r} cannot be used: {error}; {fix}") from error


@contextmanager
def _reading(store: Path) -> Iterator[sqlite3.Connection]:
    with _store_errors(store), closing(connect_reader(store)) as connection:
        yield connection


class _PageMaker:
    """Makes the endpoints of pages; each request opens the store again, which takes 1 ms."""

    def __init__(self, store: Path, access: DashboardAccess) -> None:
        self._store = store
        self._access = access
        self._desk = ReviewDesk()

    def of(self, template: str, page: Page) -> Callable[[Request], Response]:
        """Return the endpoint of a page. Starlette runs it in a thread."""

        def endpoint(request: Request) -> Response:
            try:
                with _reading(self._store) as connection:
                    values, tables = page(connection, request)
                    form = request.query_params.get("format", "html")
                    data = data_response(tables, request.query_params.get("table"), form)
                    return data or self._html(request, template, tables=tables, **values)
            except OtherPage as other:
                return RedirectResponse(other.url, status_code=303)
            except ModeltapError as error:
                return self._problem(request, error)

        return endpoint

    def metrics(self, _: Request) -> Response:
        """Return the page that Prometheus reads."""
        try:
            with _reading(self._store) as connection:
                text = prometheus_text(connection)
        except ModeltapError as error:
            return PlainTextResponse(f"modeltap: {error}\n", 503)
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")

    def review(
        self, connection: sqlite3.Connection, request: Request
    ) -> tuple[dict[str, Any], list[PageTable]]:
        """Return the page of the review queue."""
        return review_page(connection, request, self._desk)

    async def answer_review(self, request: Request) -> Response:
        """Do what a form of the review queue asks, and go to the next question."""
        return await self._changed(request, self._answer_review)

    async def change_alert(self, request: Request) -> Response:
        """Acknowledge, silence or annotate an alert, and show the alerts again."""
        return await self._changed(request, self._change_alert)

    async def _changed(self, request: Request, change: FormHandler) -> Response:
        """Return the response to one of the dashboard's own forms; others are refused."""
        if _is_too_long(request):
            return _TOO_LONG
        async with request.form() as form:
            if not self._is_own(form):
                return _FOREIGN
            return await run_in_threadpool(self._answered, change, request, dict(form))

    def _answered(self, change: FormHandler, request: Request, form: dict[str, Any]) -> Response:
        try:
            with _store_errors(self._store):
                return change(request, form)
        except ModeltapError as error:
            return self._problem(request, error)

    def _answer_review(self, request: Request, form: dict[str, Any]) -> Response:
        with closing(connect(self._store, create=False)) as connection:
            try:
                url = review_by_form(connection, self._desk, form, Pages.of(request))
            except InputError as error:
                return self._asked_again(connection, request, form, str(error))
        return RedirectResponse(url, status_code=303)

    def _change_alert(self, request: Request, form: dict[str, Any]) -> Response:
        id_ = request.path_params["id"]
        with closing(connect(self._store, create=False)) as connection, writing(connection):
            change_alert_by_form(connection, id_, form)
        pages = Pages.of(request)
        is_own_page = form.get("back") == "alert"
        back = pages.path("alerts", id_) if is_own_page else pages.path("alerts") + f"#{id_}"
        return RedirectResponse(back, status_code=303)

    def _asked_again(
        self, connection: sqlite3.Connection, request: Request, form: dict[str, Any], problem: str
    ) -> Response:
        """Return the page of a form whose answer was not stored, with the reason."""
        names = ("model", "claim", "share", "show", "last", "last_row")
        query = {name: str(form[name]) for name in names if form.get(name)}
        request.scope["query_string"] = urlencode(query).encode()
        again = Request(request.scope)
        values, tables = review_page(connection, again, self._desk, problem)
        return self._html(again, "review.html", 422, tables=tables, **values)

    def _is_own(self, form: FormData) -> bool:
        return self._access.is_form_token(str(form.get("form_token", "")))

    def not_found(self, request: Request, _: Exception) -> Response:
        """Return the page for an address that does not exist."""
        return self._problem(request, InputError("there is no such page"), 404)

    def _problem(
        self, request: Request, error: ModeltapError, status: int | None = None
    ) -> Response:
        if status is None:
            status = 404 if isinstance(error, InputError | ConfigError) else 503
        return self._html(request, "problem.html", status, message=str(error), tables=[])

    def _html(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        pages = Pages.of(request)
        text = render(
            template,
            pages=pages,
            navigation=[
                (title, url, url == request.url.path)
                for title, url in ((title, pages.path(*parts)) for title, parts in _NAVIGATION)
            ],
            form_token=self._access.form_token(),
            data_url=partial(_data_url, request),
            **values,
        )
        return HTMLResponse(text, status)


def _data_url(request: Request, table: str, form: str) -> str:
    """Return the address of a page's table in another form."""
    return f"?{request.url.include_query_params(table=table, format=form).query}"
