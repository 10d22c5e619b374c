"""ASGI entry point: pages over HTTP, live prices over WebSocket."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stockdesk.settings")
application = get_asgi_application()
