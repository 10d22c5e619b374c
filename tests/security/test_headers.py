"""What every answer carries, whichever page it is: asked of each address that the desk knows."""

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.security.addresses import addresses

STRICT = "'self'"


@pytest.fixture
def owner(db: None) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("owner", password="a long enough password"))
    return client


def policy(response: Any) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in response["Content-Security-Policy"].split(";"))
    return {name: sources for name, _space, sources in parts}


def lacks(path: str, response: Any) -> list[str]:
    """What is wrong with the headers of one answer."""
    allowed = policy(response)
    admin = path.startswith("/admin/")
    wanted = {
        "default-src": allowed["default-src"] == "'none'",
        "script-src": allowed["script-src"] == (f"{STRICT} 'unsafe-eval'" if admin else STRICT),
        "style-src": allowed["style-src"] == (f"{STRICT} 'unsafe-inline'" if admin else STRICT),
        "frame-ancestors": allowed["frame-ancestors"] == "'none'",
        "base-uri": allowed["base-uri"] == "'none'",
        "object-src": allowed["object-src"] == "'none'",
        "form-action": allowed["form-action"] == STRICT,
        "X-Frame-Options": response.get("X-Frame-Options") == "DENY",
        "X-Content-Type-Options": response.get("X-Content-Type-Options") == "nosniff",
        "Referrer-Policy": response.get("Referrer-Policy") == "same-origin",
        "Cross-Origin-Opener-Policy": response.get("Cross-Origin-Opener-Policy") == "same-origin",
        "Permissions-Policy": "camera=()" in response.get("Permissions-Policy", ""),
        "X-Robots-Tag": "noindex" in response.get("X-Robots-Tag", ""),
        "Cache-Control": {"private", "no-store"} <= set(re.split(r",\s*", response.get("Cache-Control", ""))),
        "no error": response.status_code < 500 or path == "/readyz",
        **inside(path, response),
    }
    return [name for name, well in wanted.items() if not well]


def inside(path: str, response: Any) -> dict[str, bool]:
    """What a page holds that its policy does not let run."""
    if not response.get("Content-Type", "").startswith("text/html"):
        return {}
    html = response.content.decode()
    runs = [tag for tag in re.findall(r"<script\b[^>]*>", html) if "src=" not in tag and "json" not in tag]
    handlers = re.findall(r"<[a-z][^<>]*\s(on[a-z]+=[\"'][^\"']*)", html)
    return {f"inline script {runs}": not runs, f"inline handler {handlers}": not handlers}


def test_every_page_of_somebody_who_logged_in_carries_every_header(owner):
    found = addresses()
    assert {"/", "/trading/", "/symbol/005930/", "/admin/", "/admin/trading/condition/export/"} <= set(found)
    wrong = {}
    for path in found:
        if trouble := lacks(path, owner.get(path)):
            wrong[path] = trouble
    assert not wrong, json.dumps(wrong, indent=1)
    assert owner.get("/").status_code == 200  # none of them has logged us out on the way
