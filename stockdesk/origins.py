"""Which pages may open the desk's sockets: its own, and none of another port or another name of the same machine."""

from collections.abc import Iterable
from typing import Any

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host

Headers = Iterable[tuple[bytes, bytes]]
PORTS = {"http": ":80", "https": ":443"}


class OwnPagesOnly:
    """Browsers send cookies to every port of a host: a page of the PHP site beside us comes with the trader's login.

    channels' own check knows names of hosts alone, and lets it in.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        asked = self.application if is_own_page(scope.get("headers", ())) else WebsocketDenier()
        return await asked(scope, receive, send)


def is_own_page(headers: Headers) -> bool:
    """Whether the handshake's one Origin is the very address that was asked, and one of ours; https behind TLS."""
    origins = [value.decode("latin-1") for name, value in headers if name == b"origin"]
    hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
    if len(origins) != 1 or len(hosts) != 1:
        return False
    scheme, _, address = origins[0].lower().partition("://")
    if scheme not in PORTS or (settings.DESK.https and scheme != "https"):
        return False
    name, _port = split_domain_port(hosts[0].lower())
    is_ours = bool(name) and validate_host(name, settings.ALLOWED_HOSTS)
    return is_ours and address.removesuffix(PORTS[scheme]) == hosts[0].lower().removesuffix(PORTS[scheme])
