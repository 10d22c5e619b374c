"""The broker's protocol in plain Python: no Django, no settings, no environment."""

import sys

# httpx loads its command line where rich and pygments happen to be installed: 4 MB in every daemon. It does without.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # how Python says that there is no such module
