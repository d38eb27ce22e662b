"""Requests for pages: refused ones, and those that are passed on."""

from __future__ import annotations

import pytest

import modeltap
from modeltap.config.settings import Settings
from modeltap.config.sources import load
from modeltap.errors import ConfigError
from modeltap.tap.endpoints.own_endpoint import OwnRequest, PagesUnavailable
from modeltap.tap.endpoints.page_channel import PageReply
from modeltap.tap.endpoints.page_endpoint import page_endpoints

REQUEST = OwnRequest(
    "GET", "", "/modeltap/alerts", headers={"host": "localhost"}, client="127.0.0.1"
)


@pytest.fixture
def endpoints(store):
    """Return the endpoints of options, by their option."""

    def make(**options):
        settings = Settings(store=str(store), **options)
        return {endpoint.option: endpoint for endpoint in page_endpoints(settings)}

    return make


@pytest.fixture
def dashboard(endpoints):
    return endpoints(dashboard="/modeltap")["dashboard"]


@pytest.mark.parametrize("path", ["modeltap", "/", "", "/modeltap/", "/a b", "/a?b", "/{x}", "//a"])
@pytest.mark.parametrize("option", ["dashboard", "metrics_endpoint"])
def test_a_path_that_is_none(option, path):
    if path == "":
        assert getattr(load(environ={f"MODELTAP_{option.upper()}": ""}), option) is None
    else:
        with pytest.raises(ConfigError, match=f"option {option} = .* must be a path such as"):
            load({option: path}, environ={})


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"dashboard": "/a", "metrics_endpoint": "/a"}, "has the same path"),
        ({"dashboard": "/a", "labels_endpoint": "/a"}, "has the same path"),
        ({"dashboard": "/a", "dashboard_token": "env:NO_SUCH"}, "NO_SUCH is not set"),
        ({"metrics_endpoint": "/a", "metrics_token": "env:NO_SUCH"}, "NO_SUCH is not set"),
        ({"dashboard_hosts": "https://a.example"}, "without port or scheme"),
        ({"dashboard_hosts": ["a.example:443"]}, "without port or scheme"),
        ({"dashboard": True}, "dashboard"),
    ],
)
def test_an_unusable_option_is_refused_when_the_app_is_watched(store, options, reason):
    async def app(scope, receive, send): ...

    with pytest.raises(ConfigError, match=reason):
        modeltap.watch(app, model="m", store=store, **options)


def test_the_options_are_read_from_everywhere(tmp_path):
    file = tmp_path / "modeltap.toml"
    file.write_text('dashboard = "/file"\nmetrics = "/prometheus"\ndashboard_hosts = ["a.b"]\n')
    settings = load(file=file, environ={"MODELTAP_DASHBOARD": "/environment"})
    assert (settings.dashboard, settings.metrics_endpoint) == ("/environment", "/prometheus")
    assert settings.dashboard_hosts == ("a.b",)
    named = load(environ={"MODELTAP_METRICS": "/m", "MODELTAP_DASHBOARD_HOSTS": "a, b"})
    assert (named.metrics_endpoint, named.dashboard_hosts) == ("/m", ("a", "b"))


def test_tokens_are_not_shown():
    shown = repr(Settings(dashboard_token="t0ken", metrics_token="t0ken"))
    assert "t0ken" not in shown and shown.count("(not shown)") == 2


def test_prometheus_uses_the_token_of_the_dashboard_unless_it_has_its_own(endpoints):
    paths = {"dashboard": "/modeltap", "metrics_endpoint": "/metrics"}
    bearer = {"host": "localhost", "authorization": "Bearer d"}
    asked = REQUEST._replace(path="/metrics", headers=bearer)
    shared = endpoints(**paths, dashboard_token="d")["metrics_endpoint"]
    assert shared.refusal(asked) is None
    own = endpoints(**paths, dashboard_token="d", metrics_token="m")
    assert own["metrics_endpoint"].refusal(asked).status == 401
    assert own["dashboard"].refusal(asked._replace(path="/modeltap/")) is None


def test_a_browser_gets_a_form_for_the_token_of_the_pages(endpoints):
    """Not for the token of Prometheus's page, which no person reads."""
    own = endpoints(dashboard="/modeltap", metrics_endpoint="/metrics", dashboard_token="d")
    asked = REQUEST._replace(headers={"host": "localhost", "accept": "text/html"})
    page = own["dashboard"].refusal(asked._replace(path="/modeltap/"))
    assert page.status == 401 and b'name="token"' in page.body
    assert dict(page.headers)["www-authenticate"] == "Bearer"
    line = own["metrics_endpoint"].refusal(asked._replace(path="/metrics"))
    assert line.status == 401 and line.body.startswith(b"modeltap: ")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"client": "10.0.0.7"}, 403),
        ({"headers": {"host": "evil.example"}}, 403),
        ({"method": "OPTIONS"}, 405),
        ({"method": "PUT"}, 405),
        ({"method": "TRACE"}, 405),
        ({"method": ""}, 405),
        ({"headers": {"host": "localhost", "cookie": "a" * 20_000}}, 431),
        ({"headers": {"host": "localhost", "content-length": "70000"}}, 413),
    ],
)
def test_refused_requests_start_no_process(dashboard, changes, status, monkeypatch):
    monkeypatch.setattr(dashboard._child, "ask", lambda *_: pytest.fail("asked"))
    reply = dashboard.refusal(REQUEST._replace(**changes))
    assert reply.status == status and reply.body.startswith(b"modeltap: ")
    assert dict(reply.headers)["cache-control"] == "no-store"


def test_the_metrics_cannot_be_posted(endpoints):
    metrics = endpoints(metrics_endpoint="/metrics")["metrics_endpoint"]
    assert metrics.refusal(REQUEST._replace(method="POST", path="/metrics")).status == 405
    assert metrics.refusal(REQUEST._replace(method="HEAD", path="/metrics")) is None


def test_the_path_itself_leads_to_the_first_page(dashboard):
    reply = dashboard.refusal(REQUEST._replace(root="/v1", path="/modeltap", query="token=a"))
    assert reply.status == 307 and ("location", "/v1/modeltap/?token=a") in reply.headers


def test_the_page_is_asked_for_below_its_public_path(dashboard, monkeypatch):
    """Without headers that pages do not need, such as those of the app's own session."""
    seen = []

    def ask(request, seconds):
        seen.append(request)
        return PageReply(200, [("content-length", "4")], b"page")

    monkeypatch.setattr(dashboard._child, "ask", ask)
    headers = {"host": "localhost", "x-api-key": "secret", "transfer-encoding": "chunked"}
    asked = REQUEST._replace(root="/v1", headers=headers, method="HEAD")
    reply = dashboard.answer(asked, b"ab")
    assert (seen[0].root, seen[0].path) == ("/v1/modeltap", "/alerts")
    assert dict(seen[0].headers) == {"host": "localhost", "content-length": "2"}
    assert reply.body == b"" and reply.all_headers == [("content-length", "4")]


@pytest.mark.parametrize(
    ("error", "status"), [(PagesUnavailable("why and how"), 503), (RuntimeError("bug"), 500)]
)
def test_a_page_that_cannot_be_made_harms_nobody(dashboard, monkeypatch, caplog, error, status):
    def ask(*_):
        raise error

    monkeypatch.setattr(dashboard._child, "ask", ask)
    assert dashboard.answer(REQUEST, b"").status == status
    assert dashboard.answer(REQUEST, b"").status == status
    assert caplog.text.count(str(error)) == 1


def test_too_many_or_too_long_requests(dashboard):
    assert dashboard.busy().status == 503 and ("retry-after", "1") in dashboard.busy().headers
    assert dashboard.too_large().status == 413
