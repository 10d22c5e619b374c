"""The web program as it is, but for KIS's two worlds, which are the stand-in broker, and the place of ``.env``."""

import os
from pathlib import Path

from stockdesk.asgi import application
from stockdesk.guide_typed import HOSTS, Host

__all__ = ["application"]

# Only now: the pages need Django set up, and that is done by the import above.
from stockdesk import guide_views

HOSTS.update(real=Host(os.environ["GUIDE_REST"], os.environ["GUIDE_WS"], mock=False, calls_per_second=18))
guide_views.place = lambda: Path(os.environ["GUIDE_PLACE"])
