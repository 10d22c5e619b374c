"""Which page may open a socket: the desk's own, by name, port and, behind TLS, scheme."""

from dataclasses import replace

import pytest

from stockdesk.origins import is_own_page


@pytest.fixture
def desk(settings):
    def on(*, https):
        settings.DESK = replace(settings.DESK, https=https)
        settings.ALLOWED_HOSTS = ["desk.example.com", "127.0.0.1", "[::1]", ".home.example"]

    return on


@pytest.mark.parametrize(
    ("host", "origin", "https", "own"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000", False, True),
        ("[::1]:8000", "http://[::1]:8000", False, True),
        ("desk.example.com", "https://desk.example.com", True, True),
        ("desk.example.com", "https://desk.example.com:443", True, True),
        ("desk.example.com:443", "https://Desk.Example.com", True, True),
        ("a.home.example", "https://a.home.example", True, True),
        ("desk.example.com", "http://desk.example.com", True, False),  # who sits on the wire makes such a page
        ("desk.example.com", "https://desk.example.com:8443", True, False),
        ("a.home.example", "https://b.home.example", True, False),
        ("127.0.0.1:8000", "http://127.0.0.1:3000", False, False),
        ("127.0.0.1:8000", "http://localhost:8000", False, False),
        ("evil.example:8000", "http://evil.example:8000", False, False),  # a name that leads here by its owner's DNS
        ("127.0.0.1:8000", "null", False, False),
        ("127.0.0.1:8000", "file://", False, False),
        ("127.0.0.1:8000", "http://127.0.0.1:8000@evil.example", False, False),
        ("127.0.0.1:8000", "http://[", False, False),
        ("", "http://", False, False),
    ],
)
def test_a_socket_is_opened_by_the_desks_own_pages_alone(desk, host, origin, https, own):
    desk(https=https)
    assert is_own_page([(b"host", host.encode()), (b"origin", origin.encode())]) == own


def test_one_host_and_one_origin_are_needed(desk):
    desk(https=False)
    host, origin = (b"host", b"127.0.0.1:8000"), (b"origin", b"http://127.0.0.1:8000")
    assert is_own_page([host, origin])
    for headers in ([host], [origin], [host, origin, origin], [host, host, origin], []):
        assert not is_own_page(headers)
