"""ASGI entry point: pages over HTTP, live prices over WebSocket."""

import os
import warnings
from importlib import import_module

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

from stockdesk.bodies import bounded
from stockdesk.origins import OwnPagesOnly

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stockdesk.settings")
# WhiteNoise hands out files as plain iterators. Ours are small, so reading one whole in a thread is just right.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
pages = get_asgi_application()

# The ground imports no app; it names this one by text, as urls.py does, and only once Django is set up.
sockets = import_module("market.routing").websocket_urlpatterns

application = ProtocolTypeRouter(
    {
        "http": bounded(pages),
        "websocket": OwnPagesOnly(AuthMiddlewareStack(URLRouter(sockets))),
    }
)
