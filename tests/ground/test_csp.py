"""The content security policy: strict on our pages, looser in the admin alone."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse

from stockdesk.csp import ContentSecurityPolicy


@pytest.fixture
def policy():
    def of(path: str) -> dict[str, str]:
        request = RequestFactory().get(path)
        response = ContentSecurityPolicy(lambda _request: HttpResponse()).process_response(request, HttpResponse())
        parts = response["Content-Security-Policy"].split(";")
        return dict(part.strip().split(" ", 1) for part in parts)

    return of


@pytest.mark.parametrize("path", ["/", "/login/", "/administration", "/healthz"])
def test_our_pages_run_nothing_inline_and_load_nothing_from_elsewhere(policy, path):
    found = policy(path)
    assert (found["default-src"], found["script-src"], found["style-src"]) == ("'none'", "'self'", "'self'")
    assert found["connect-src"] == "'self'"
    assert not [sources for sources in found.values() if "http" in sources or "unsafe" in sources]


def test_the_admin_evaluates_its_attributes_but_runs_no_inline_script_and_loads_nothing_from_elsewhere(policy):
    found = policy(reverse("admin:index"))
    assert found["script-src"] == "'self' 'unsafe-eval'"
    assert found["default-src"] == "'none'"
    assert not [sources for sources in found.values() if "http" in sources]
