"""What somebody who is logged in, or his browser, may ask by mistake or on purpose: none of it ends in a failure."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver

from tests.people import client_of, with_device
from tests.security.addresses import addresses, patterns

#: In the place of a number, and of a word.
NUMBERS = ["0", "99999999999999999999"]
WORDS = ["../../.env", "..%2f..%2f.env", "\x00", "'", "한글\U0010ffff", "-" * 300]
#: Behind a question mark of every page.
QUERIES = [
    "q=%00&p=99999999999999999999&all=1&o=1.-99&e=1",
    "p=-1&pk__exact=a",
    "next=//evil.example&since=99999999999999999999&symbol=%00&interval=999&days=nan&from=1e999&to=-1&at=x",
]
#: In every field of every form.
TYPED = ["\x00", "9" * 5_000, "٣-1e999"]
#: These end the login that the test goes by, or have a test of their own (tests/ground/test_guide.py) and take long.
LEFT_OUT = ("logout", "log-out", "/guide/", "setlang")


@pytest.fixture
def owner(db: None) -> Client:
    client = client_of(
        with_device(User.objects.create_superuser("owner", password="a long enough password")), fresh=True
    )
    client.raise_request_exception = False
    return client


def failures(answers: dict[str, Any]) -> dict[str, int]:
    return {
        name: answer.status_code
        for name, answer in answers.items()
        if answer.status_code >= 500 and not name.startswith("/readyz")
    }


def filled() -> list[str]:
    """Every address that takes something, with something odd in it."""
    found = []
    for pattern in set(patterns(get_resolver())):
        if "<" not in pattern or re.search(r"[\^$()\\]", pattern):
            continue
        for value in NUMBERS if "<int:" in pattern else WORDS:
            odd = quote(value, safe="./%" if "%2f" in value else "./")
            found.append(re.sub(r"<(?:\w+:)?(\w+)>", odd.replace("\\", r"\\"), pattern))
    return sorted(found)


def test_odd_values_in_an_address_are_no_failure(owner: Client) -> None:
    assert len(filled()) > 100
    assert failures({path: owner.get(path) for path in filled()}) == {}


def test_odd_questions_are_no_failure(owner: Client) -> None:
    asked = [f"{path}?{query}" for path in addresses() for query in QUERIES]
    assert failures({path: owner.get(path) for path in asked if not any(word in path for word in LEFT_OUT)}) == {}


def names_of_fields() -> set[str]:
    """Whatever our pages read of a form."""
    rooms = ("stockdesk", "market", "assets", "trading", "collectors")
    sources = [path.read_text() for room in rooms for path in Path(settings.BASE_DIR, room).rglob("*.py")]
    return {name for text in sources for name in re.findall(r"""POST(?:\.get\(|\.getlist\(|\[)["'](\w+)["']""", text)}


def test_odd_answers_to_a_form_are_no_failure(owner: Client) -> None:
    ours = names_of_fields()
    assert len(ours) > 5
    answers = {}
    for path in addresses():
        if any(word in path for word in LEFT_OUT):
            continue
        page = owner.get(path)
        shown = (
            set(re.findall(r'name="([^"]+)"', page.content.decode(errors="replace")))
            if page.status_code == 200
            else set()
        )
        for value in TYPED:
            form = dict.fromkeys((ours | shown) - {"csrfmiddlewaretoken"}, value)
            answers[f"{path} {value[:10]!r}"] = owner.post(path, form)
    assert failures(answers) == {}
