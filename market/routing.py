"""Which consumer answers which WebSocket address."""

from channels.security.websocket import WebsocketDenier
from django.urls import path, re_path

from market.consumers import QuotesConsumer

websocket_urlpatterns = [
    path("ws/quotes/", QuotesConsumer.as_asgi()),
    re_path("", WebsocketDenier.as_asgi()),  # 403; without it every stray address is a traceback in the log
]
