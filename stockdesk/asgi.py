"""ASGI entry point: pages over HTTP, live prices over WebSocket."""

import os
from importlib import import_module

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stockdesk.settings")
pages = get_asgi_application()

# The ground imports no app; it names this one by text, as urls.py does, and only once Django is set up.
sockets = import_module("market.routing").websocket_urlpatterns

application = ProtocolTypeRouter(
    {
        "http": pages,
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(sockets))),
    }
)
