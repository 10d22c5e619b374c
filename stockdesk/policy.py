"""What a page of the desk may load: its own files, nothing inline, nothing from elsewhere."""

from csp.constants import NONE, SELF
from csp.decorators import csp

SCREEN_POLICY = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF],
    "font-src": [SELF],
    "connect-src": [SELF],  # the WebSocket of the same host included
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}

#: Decorator of the desk's own screens; the admin's policy is the settings' business.
screen_policy = csp(SCREEN_POLICY)
