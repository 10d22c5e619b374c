"""What a process of the desk gives away: bodies that fill the disk, core files, files that others may read."""

import os
import subprocess
import sys

from django.conf import settings

from stockdesk.asgi import application
from stockdesk.bodies import MOST_BYTES, bounded


def sent(body: bytes, *, length: int | None = None, pieces: int = 1):
    """A POST with this body, and what was answered."""
    size = -(-len(body) // pieces)
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    headers = [(b"host", b"127.0.0.1"), *([(b"content-length", str(length).encode())] if length is not None else [])]
    scope = {"type": "http", "method": "POST", "path": "/login/", "query_string": b"", "headers": headers}
    answers: list[dict] = []
    taken: list[bytes] = []

    async def receive():
        taken.append(parts.pop(0))
        return {"type": "http.request", "body": taken[-1], "more_body": bool(parts)}

    async def send(message):
        answers.append(message)

    return scope, receive, send, answers, taken


async def test_a_body_that_says_it_is_too_long_is_refused_unread():
    scope, receive, send, answers, taken = sent(b"x" * 10, length=MOST_BYTES + 1)
    await application(scope, receive, send)
    assert answers[0]["status"] == 413
    assert taken == []


async def test_a_body_that_says_nothing_is_read_up_to_the_ceiling_and_no_further():
    scope, receive, send, answers, taken = sent(b"x" * 1000, pieces=100)

    async def pages(scope, receive, send):
        while (await receive())["more_body"]:
            pass
        raise AssertionError("it has read everything")

    await bounded(pages, most=100)(scope, receive, send)
    assert answers[0]["status"] == 413
    assert sum(map(len, taken)) <= 110


async def test_what_fits_arrives_as_it_was_sent():
    scope, receive, send, _answers, _taken = sent(b"ab" * 50, length=100, pieces=2)
    seen = []

    async def pages(scope, receive, send):
        seen.append(await receive())
        seen.append(await receive())

    await bounded(pages, most=100)(scope, receive, send)
    assert b"".join(message["body"] for message in seen) == b"ab" * 50


def test_a_daemon_leaves_no_core_file():
    code = (
        "import django; django.setup()\n"
        "import resource\n"
        "from stockdesk.daemon import Daemon\n"
        "class Sample(Daemon):\n    name = 'sample'\n"
        "    async def _main(self, *, once): print(resource.getrlimit(resource.RLIMIT_CORE)); return 0\n"
        "Sample().handle(once=True)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "stockdesk.settings"},
    )  # fmt: skip
    assert ran.stdout == "(0, 0)\n"
