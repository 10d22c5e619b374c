"""Settings that are allowed one by one and do not go together, and where they come from."""

import os
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from stockdesk.doctor.findings import Finding, judged
from stockdesk.env import LOOPBACK, Environment
from stockdesk.env.file import UnreadableFile, read_file
from stockdesk.env.names import KNOWN

PROXIES = ("http_proxy", "https_proxy", "all_proxy")
#: Calls a second that the mock host takes of a key (kis 6.1).
MOCK_CALLS = 2


def examine(desk: Environment) -> Iterator[Finding]:
    yield Finding("environment", str(desk.path or "the variables of this shell"))
    yield Finding("broker", f"{urlsplit(desk.kis_rest_url).netloc}, mode {desk.mode}, {len(desk.app_keys)} app keys")
    yield from shell(desk, os.environ)
    yield from pages(desk)
    yield from pace(desk)


def shell(desk: Environment, variables: Mapping[str, str]) -> Iterator[Finding]:
    """What the shell says otherwise than the file: it wins, and is gone with the shell."""
    if desk.path is not None and not desk.demo:
        try:
            in_file, _problems = read_file(desk.path)
        except UnreadableFile:
            in_file = {}
        named = sorted(name for name in KNOWN & in_file.keys() & variables.keys() if variables[name] != in_file[name])
        if named:
            remedy = f"unset {' '.join(named)}, unless you mean it: the desk started elsewhere has the file's."
            yield Finding("shell", f"{', '.join(named)} not as in {desk.path}: the shell's wins", remedy, "doubtful")
    if proxies := [name for name in PROXIES if variables.get(name)]:
        remedy = "Nothing to do if KIS is reached directly from here; else open the way for this machine."
        yield Finding("proxy", f"{', '.join(proxies)} set: calls to KIS go past it.", remedy, "doubtful")


def pages(desk: Environment) -> Iterator[Finding]:
    """Names under which the pages are reached, and whether a password travels readable."""
    outside = [host for host in desk.allowed_hosts if host.strip("[]") not in LOOPBACK]
    found = f"{', '.join(desk.allowed_hosts)}, {'https' if desk.https else 'http'}"
    if desk.https:
        remedy = (
            "Add the name in your browser's address bar to ALLOWED_HOSTS, or set DESK_HTTPS=0: pages are not found."
        )
        yield judged("pages", found, remedy, well=bool(outside), otherwise="doubtful")
    else:
        remedy = (
            "Put a TLS proxy in front (deploy/nginx.conf.example) and set DESK_HTTPS=1: passwords travel readable."
        )
        yield judged("pages", found, remedy, well=not outside, otherwise="doubtful")


def pace(desk: Environment) -> Iterator[Finding]:
    if desk.on_mock_host and desk.calls_per_second > MOCK_CALLS:
        found = f"KIS_CALLS_PER_SECOND is {desk.calls_per_second} on KIS's mock host"
        yield Finding("call budget", found, "Set KIS_CALLS_PER_SECOND=1: the mock host refuses more.", "doubtful")
