"""Every address of the site and who may go there. An address that stands in no table here fails the test."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from stockdesk.access import OPERATOR, OWNER, ROLES, TRADER, VIEWER, rights_of
from tests.people import PASSWORD, client_of, person, with_device

pytestmark = pytest.mark.django_db

ANYBODY, LOGGED_IN, NOBODY = "anybody", "logged in", "nobody"

#: Address by name -> who may look, who may post. Beside these stand the admin's pages of tables, below.
PAGES = {
    "healthz": (ANYBODY, ANYBODY),
    "readyz": (ANYBODY, ANYBODY),
    "metrics": (ANYBODY, ANYBODY),  # from this machine or by its token: tests/dashboard/test_metrics.py
    "robots": (ANYBODY, ANYBODY),
    "login": (ANYBODY, ANYBODY),
    "login-code": (ANYBODY, ANYBODY),  # and back to the login whoever has not typed a password
    "logout": (ANYBODY, ANYBODY),
    "set_language": (ANYBODY, ANYBODY),
    "dashboard": (LOGGED_IN, LOGGED_IN),
    "symbol": (LOGGED_IN, LOGGED_IN),
    "symbol-live": (LOGGED_IN, LOGGED_IN),
    "symbol-book": (LOGGED_IN, LOGGED_IN),
    "symbol-bars": (LOGGED_IN, LOGGED_IN),
    "symbol-overlays": (LOGGED_IN, LOGGED_IN),
    "favourite": (LOGGED_IN, LOGGED_IN),
    "guide": (OWNER, OWNER),
    "guide-check": (OWNER, OWNER),
    "guide-write": (OWNER, NOBODY),
    "trading:desk": (LOGGED_IN, LOGGED_IN),
    "trading:enrol": (ANYBODY, ANYBODY),  # likewise
    "trading:device": (LOGGED_IN, LOGGED_IN),
    "trading:code": (LOGGED_IN, LOGGED_IN),
    "trading:recovery": (LOGGED_IN, LOGGED_IN),
    "trading:log-out-everywhere": (LOGGED_IN, LOGGED_IN),
    "trading:kill": (OPERATOR, OPERATOR),
    "trading:stop": (OPERATOR, OPERATOR),
    "trading:lift": (TRADER, TRADER),
    "trading:mode": (TRADER, TRADER),
    "trading:arm": (TRADER, TRADER),
    "trading:disarm": (TRADER, TRADER),
    "trading:limits": (TRADER, TRADER),
    "trading:cancel": (TRADER, TRADER),
    "trading:settle": (TRADER, TRADER),
    "admin:index": (VIEWER, VIEWER),
    "admin:search": (VIEWER, VIEWER),
    "admin:jsi18n": (VIEWER, VIEWER),
    "admin:logout": (ANYBODY, ANYBODY),
    "admin:password_change": (VIEWER, VIEWER),
    "admin:password_change_done": (VIEWER, VIEWER),
    "admin:app_list": (VIEWER, VIEWER),
    "admin:market_watchrow_live": (VIEWER, VIEWER),
    "admin:market_watchrow_switch": (OPERATOR, OPERATOR),
    "admin:trading_condition_live": (VIEWER, VIEWER),
    "admin:trading_condition_symbols": (VIEWER, VIEWER),
    "admin:trading_condition_switch": (TRADER, TRADER),
    "admin:trading_condition_export": (VIEWER, VIEWER),
    "admin:trading_condition_import": (TRADER, TRADER),
    "admin:trading_condition_process_import": (TRADER, TRADER),
    "admin:trading_condition_simple_history": (VIEWER, VIEWER),
    "admin:trading_order_export": (VIEWER, VIEWER),
    "admin:stockdesk_marketday_override": (OPERATOR, OPERATOR),
    "admin:stockdesk_marketday_override_day": (OPERATOR, OPERATOR),
    "admin:stockdesk_program_order": (OPERATOR, OPERATOR),
    "admin:stockdesk_programstate_start_row": (OPERATOR, OPERATOR),
    "admin:stockdesk_programstate_stop_row": (OPERATOR, OPERATOR),
    "admin:stockdesk_programstate_hold_row": (OPERATOR, OPERATOR),
    "admin:stockdesk_programstate_automatic_row": (OPERATOR, OPERATOR),
    "admin:stockdesk_alert_try": (OPERATOR, OPERATOR),
    "admin:stockdesk_alert_try_channels": (OPERATOR, OPERATOR),
    "admin:auth_user_password_change": (OWNER, OWNER),
}
#: Addresses that lead on, or are the admin's own odds and ends.
ELSEWHERE = {"admin-door", "admin:login", "admin:autocomplete", "admin:view_on_site", "admin:"}

#: Tables that programs write and everybody with a role may look at.
READ_ONLY = {
    "market": "quote instrument feedsession executionnotice",
    "assets": "account balance holding",
    "trading": "order refusal deskchange upkeep",
    "stockdesk": "marketday event daemonstate connection lane alert programstate programoverride",
    "collectors": "jobday jobitem rawbody filing filingtext keyaccount statementline dailyprice listedissue"
    " overseasquote overseasbar dailybar investorflow marketflow shortsale creditbalance dividend ranking",
}
#: Tables of the admin: who may look, add, change, delete.
TABLES = {
    **{
        f"{app}.{name}": (VIEWER, NOBODY, NOBODY, NOBODY) for app, names in READ_ONLY.items() for name in names.split()
    },
    "market.watchrow": (VIEWER, OPERATOR, OPERATOR, NOBODY),
    "trading.condition": (VIEWER, TRADER, TRADER, TRADER),
    "trading.upkeepsetting": (VIEWER, NOBODY, TRADER, NOBODY),
    "stockdesk.sessionwindow": (VIEWER, OPERATOR, OPERATOR, NOBODY),
    "market.barrule": (OPERATOR, NOBODY, OWNER, NOBODY),
    "auth.user": (OWNER, OWNER, OWNER, OWNER),
}
KINDS = {"changelist": 0, "history": 0, "change": 0, "add": 1, "delete": 3}


def named(resolver: URLResolver, spaces: tuple[str, ...] = ()) -> Iterator[str]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from named(entry, (*spaces, entry.namespace) if entry.namespace else spaces)
        elif isinstance(entry, URLPattern):
            yield ":".join((*spaces, entry.name or ""))


def tables() -> dict[str, str]:
    """Names of the admin's standard pages -> "table kind"."""
    return {
        f"admin:{m._meta.app_label}_{m._meta.model_name}_{kind}": f"{m._meta.label_lower} {kind}"
        for m in admin.site._registry
        for kind in KINDS
    }


def test_every_address_stands_in_a_table():
    """Whoever adds a page says here who may see it and who may post to it."""
    found = set(named(get_resolver()))  # loads the admin's pages
    assert found - set(PAGES) - ELSEWHERE - set(tables()) == set()
    assert set(PAGES) - found == set()


def test_every_table_of_the_admin_stands_in_the_table():
    get_resolver().url_patterns  # noqa: B018  (loads the admin's pages)
    assert {m._meta.label_lower for m in admin.site._registry} == set(TABLES)


def test_every_right_of_the_table_exists():
    codenames = Permission.objects.values_list("content_type__app_label", "codename")
    assert rights_of(OWNER) <= {f"{app}.{codename}" for app, codename in codenames}


def address(name: str) -> str:
    arguments: dict[str, list[Any]] = {
        **{name: ["005930"] for name in ("symbol", "symbol-live", "symbol-book", "symbol-bars", "symbol-overlays")},
        "admin:stockdesk_program_order": ["stop"], "admin:app_list": ["market"], "admin:password_change": [],
        "admin:stockdesk_marketday_override_day": ["2026-11-20"],
        "admin:trading_condition_simple_history": ["987654", "1"],
    }  # fmt: skip
    if name in arguments:
        return reverse(name, args=arguments[name])
    takes_id = name.startswith("trading:") or name.rpartition("_")[2] in ("change", "history", "delete", "switch")
    if name.endswith(("user_password_change", "_row")):
        takes_id = True
    if name in ("trading:cancel", "trading:settle") or (takes_id and name.startswith("admin:")):
        return reverse(name, args=[987654])
    return reverse(name)


def requests() -> Iterator[tuple[str, str, str]]:
    """Address, method, and who may."""
    for name, (look, post) in PAGES.items():
        yield address(name), "get", look
        yield address(name), "post", post
    for name, of in tables().items():
        table, kind = of.split()
        who = TABLES[table][KINDS[kind]]
        yield address(name), "get", who
        # A row is looked at by more people than may save it.
        yield address(name), "post", TABLES[table][2] if kind == "change" else who


def is_no(answer: Any) -> bool:
    """Refused, or never got as far: the history of a row that is not there leads back to the index."""
    return answer.status_code in (403, 404, 405) or answer.headers.get("Location") == reverse("admin:index")


def is_login(answer: Any) -> bool:
    return answer.status_code == 302 and "/login/" in answer["Location"]


def nobody() -> Client:
    return Client()


def password_only() -> Client:
    """Somebody with a device who has shown the password and no code."""
    client = Client()
    name = with_device(person("kim", OWNER)).get_username()
    assert client.post("/login/", {"username": name, "password": PASSWORD})["Location"] == reverse("login-code")
    return client


def not_enrolled() -> Client:
    """A trader who has shown the password and has not enrolled a device."""
    client = Client()
    name = person("kim", TRADER).get_username()
    assert client.post("/login/", {"username": name, "password": PASSWORD})["Location"] == reverse("trading:enrol")
    return client


@pytest.mark.parametrize("visitor", [nobody, password_only, not_enrolled])
def test_nobody_gets_anywhere_without_a_whole_login(visitor):
    client = visitor()
    open_doors = [
        (path, method)
        for path, method, who in requests()
        if who != ANYBODY and not is_login(answer := getattr(client, method)(path)) and not is_no(answer)
    ]
    assert open_doors == []


@pytest.mark.parametrize("role", ["", *ROLES])
def test_each_role_gets_where_its_table_says_and_nowhere_else(role):
    """At the boundary: what this role may as the first, and what only the next one may."""
    user = with_device(person("kim", role))
    client = client_of(user, fresh=True)
    rank = {who: n for n, who in enumerate((ANYBODY, LOGGED_IN, *ROLES, NOBODY))}
    mine = rank[role or LOGGED_IN]
    wrong = []
    for path, method, who in requests():
        if "log" in path.rpartition("/")[0].rpartition("/")[2]:
            continue  # would end the login that this test goes by
        if rank[who] == mine + 1:
            answer = getattr(client, method)(path)
            if not is_no(answer) and not is_login(answer):
                wrong.append(("open", path, method, answer.status_code))
        elif rank[who] == mine:
            answer = getattr(client, method)(path)
            if (answer.status_code == 403 and "code" not in answer.content.decode()) or is_login(answer):
                wrong.append(("shut", path, method, answer.status_code))
    assert wrong == []
