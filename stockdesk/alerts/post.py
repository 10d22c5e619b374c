"""The sending process: ``python -m stockdesk.alerts.post``, alive for as long as one batch takes.

apprise and its plugins cost 25 MB on top of requests, which an always-on daemon should not carry for a message a day.
And a plugin that hangs, whatever its own timeouts are, is ended from outside together with this process.

In: one JSON object on stdin, ``{"channels": [{"url": ..., "jobs": [{"id", "title", "body", "type"}]}], "ping": url}``.
Out: one JSON line per answer, ``{"id", "ok", "error"}``; the ping has the id ``ping``. No Django, and no environment
but what the caller gives: neither proxies nor secrets.
"""

import json
import logging
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

CONNECT_SECONDS, READ_SECONDS = 4, 10

_writing = threading.Lock()


def answer(job: int | str, ok: bool, error: str = "") -> None:
    with _writing:
        sys.stdout.write(json.dumps({"id": job, "ok": ok, "error": error}) + "\n")
        sys.stdout.flush()


class Complaints(logging.Handler):
    """What apprise logs instead of raising, kept apart by thread: channels are served at the same time."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.kept = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.lines = [*getattr(self.kept, "lines", []), record.getMessage()]

    def taken(self) -> str:
        lines, self.kept.lines = getattr(self.kept, "lines", []), []
        return " / ".join(lines)


def post(channel: dict[str, Any], complaints: Complaints) -> None:
    """Send a channel's jobs in their order; the first that fails ends it, for the next would fail as well."""
    import apprise

    # No redirects: what is in a message is for the host that was named.
    asset = apprise.AppriseAsset(async_mode=False, http_redirects=False)
    service = apprise.Apprise.instantiate(channel["url"], asset=asset, suppress_exceptions=True)
    for job in channel["jobs"]:
        if service is None:
            answer(job["id"], False, complaints.taken() or "apprise does not understand this address")
            return
        service.socket_connect_timeout, service.socket_read_timeout = CONNECT_SECONDS, READ_SECONDS
        try:
            ok = bool(
                service.notify(body=job["body"], title=job["title"], notify_type=job["type"], body_format="text")
            )
            answer(job["id"], ok, "" if ok else complaints.taken() or "refused without a reason")
        except Exception as exc:
            # A plugin's own mistake must not keep the other channels from being served.
            ok = False
            answer(job["id"], False, f"{type(exc).__name__}: {exc}")
        if not ok:
            return


def ping(url: str) -> None:
    """Ask for the address once, without proxy and redirects."""
    import urllib.error
    import urllib.request

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args: Any, **kwargs: Any) -> None:
            return None

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect())
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "stockdesk"})  # noqa: S310  (env.alerts: http(s))
        with opener.open(request, timeout=READ_SECONDS):
            answer("ping", True)
    except (urllib.error.URLError, OSError, ValueError) as exc:
        answer("ping", False, f"{type(exc).__name__}: {exc}")


def main() -> None:
    batch = json.load(sys.stdin)
    complaints = Complaints()
    log = logging.getLogger("apprise")
    log.handlers, log.propagate = [complaints], False
    with ThreadPoolExecutor(max_workers=8) as pool:
        work = [pool.submit(post, channel, complaints) for channel in batch["channels"]]
        if batch["ping"]:
            work.append(pool.submit(ping, batch["ping"]))
        for done in work:
            done.result()


if __name__ == "__main__":
    main()
