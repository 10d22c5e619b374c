"""How the admin looks: django-unfold's settings.

Red and blue are left to prices (up and down, as Korean screens have it), so the admin itself is navy and grey.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def gettext_noop(text: str) -> str:
    """Marks a message for makemessages. Django's own asks the settings, which are being made right now."""
    return text


# Unfold speaks no Korean, and Django's is that of a dictionary; named here, they come into our own catalogue.
WORDS_OF_UNFOLD = (
    gettext_noop("All dates"),
    gettext_noop("Apply Filters"),
    gettext_noop("Choose file to upload"),
    gettext_noop("Clear all filters"),
    gettext_noop("Dark"),
    gettext_noop("Filters"),
    gettext_noop("Go back"),
    gettext_noop("History"),
    gettext_noop("Light"),
    gettext_noop("More actions"),
    gettext_noop("No data"),
    gettext_noop("No results found"),
    gettext_noop("No results matching your query"),
    gettext_noop("Reset filters"),
    gettext_noop("Return to site"),
    gettext_noop("Run"),
    gettext_noop("Save and add another"),
    gettext_noop("Save and continue editing"),
    gettext_noop("Select action"),
    gettext_noop("Select action to run"),
    gettext_noop("Select all rows"),
    gettext_noop("Select format"),
    gettext_noop("Select record"),
    gettext_noop("Select value"),
    gettext_noop("Submit"),
    gettext_noop("System"),
    gettext_noop("This exporter will export the following fields: "),
    gettext_noop("Type to search"),
    gettext_noop("View %s"),
    gettext_noop("View history: %s"),
    gettext_noop("Welcome back to"),
    gettext_noop("users"),
)


def mode_badge(request: HttpRequest) -> list[Any]:
    """The desk's mode in the head of every page; live is red."""
    modes = {
        "dry-run": [_("dry run"), "info"],
        "mock": [_("mock trading"), "warning"],
        "live": [_("live trading"), "danger"],
    }
    return modes.get(settings.DESK.mode, [settings.DESK.mode, "warning"])


def _entry(title: Any, icon: str, model: str) -> dict[str, Any]:
    """One line of the sidebar, for those who may view the model ("market.quote")."""
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "needs": f"{app}.view_{name}",
    }


GROUPS: list[dict[str, Any]] = [
    {
        "title": _("Trading"),
        "items": [
            _entry(_("Watch list"), "visibility", "market.watchrow"),
            _entry(_("Strike conditions"), "target", "trading.condition"),
            _entry(_("Orders and fills"), "receipt_long", "trading.order"),
            _entry(_("Why not"), "help", "trading.refusal"),
            {
                "title": _("Modes and limits"),
                "icon": "tune",
                "link": reverse_lazy("trading:desk"),
                "active": lambda request: False,  # outside the admin, as the dashboard
            },
            {
                "title": _("Dashboard"),
                "icon": "monitoring",
                "link": reverse_lazy("dashboard"),
                "active": lambda request: False,  # every address begins with the dashboard's
            },
        ],
    },
    {
        "title": _("Account"),
        "separator": True,
        "items": [
            _entry(_("Accounts"), "account_balance", "assets.account"),
            _entry(_("Holdings"), "inventory_2", "assets.holding"),
            _entry(_("Balances"), "account_balance_wallet", "assets.balance"),
            _entry(_("Execution notices"), "notifications", "market.executionnotice"),
            _entry(_("Account upkeep"), "event_repeat", "trading.upkeep"),
            _entry(_("Upkeep setting"), "settings_suggest", "trading.upkeepsetting"),
        ],
    },
    {
        "title": _("Market"),
        "separator": True,
        "items": [
            _entry(_("Quotes"), "candlestick_chart", "market.quote"),
            _entry(_("Instruments"), "list_alt", "market.instrument"),
            _entry(_("Trading days"), "calendar_month", "stockdesk.marketday"),
            _entry(_("Session windows"), "schedule", "stockdesk.sessionwindow"),
        ],
    },
    {
        "title": _("Operation"),
        "separator": True,
        "items": [
            _entry(_("Batch jobs"), "checklist", "collectors.jobday"),
            _entry(_("Job items"), "list", "collectors.jobitem"),
            _entry(_("Events"), "warning", "stockdesk.event"),
            _entry(_("Sent alerts"), "send", "stockdesk.alert"),
            _entry(_("Start and stop"), "power_settings_new", "stockdesk.programstate"),
            _entry(_("Orders to programs"), "history", "stockdesk.programoverride"),
            _entry(_("Programs"), "memory", "stockdesk.daemonstate"),
            _entry(_("Price sessions"), "sensors", "market.feedsession"),
            _entry(_("Connects"), "cable", "stockdesk.connection"),
            _entry(_("Calls to the broker"), "speed", "stockdesk.lane"),
            _entry(_("Keeping of bars"), "auto_delete", "market.barrule"),
        ],
    },
    {
        "title": _("Collected figures"),
        "separator": True,
        "collapsible": True,
        "items": [
            _entry(_("Overseas indices"), "public", "collectors.overseasquote"),
            _entry(_("Overseas bars"), "travel_explore", "collectors.overseasbar"),
            _entry(_("Rankings"), "leaderboard", "collectors.ranking"),
            _entry(_("Daily bars"), "bar_chart", "collectors.dailybar"),
            _entry(_("Investor flows"), "groups", "collectors.investorflow"),
            _entry(_("Market flows"), "waterfall_chart", "collectors.marketflow"),
            _entry(_("Short sales"), "trending_down", "collectors.shortsale"),
            _entry(_("Credit balances"), "credit_score", "collectors.creditbalance"),
            _entry(_("Dividends"), "payments", "collectors.dividend"),
        ],
    },
    {
        "title": _("Filings and figures"),
        "separator": True,
        "collapsible": True,
        "items": [
            _entry(_("Filings"), "description", "collectors.filing"),
            _entry(_("Texts of filings"), "article", "collectors.filingtext"),
            _entry(_("Key accounts"), "table_view", "collectors.keyaccount"),
            _entry(_("Financial statements"), "request_quote", "collectors.statementline"),
            _entry(_("Daily prices"), "calendar_view_day", "collectors.dailyprice"),
            _entry(_("Listed issues"), "format_list_bulleted", "collectors.listedissue"),
            _entry(_("Raw answers"), "inventory", "collectors.rawbody"),
        ],
    },
    {
        "title": _("People"),
        "separator": True,
        "items": [
            _entry(_("Users"), "person", "auth.user"),
            _entry(_("Who changed what"), "history", "trading.deskchange"),
        ],
    },
]
"""The sidebar, in the order of a trader's day. What is of no use to a person has no line and no page."""


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar's groups with what this person may see; a group of nothing is left out."""
    groups = []
    for group in GROUPS:
        items = [item for item in group["items"] if "needs" not in item or request.user.has_perm(item["needs"])]
        if items:
            groups.append({**group, "items": [dict(item) for item in items]})
    return groups


UNFOLD = {
    "SITE_TITLE": "stockdesk",
    "SITE_HEADER": "stockdesk",
    "SITE_SUBHEADER": _("KIS trading desk"),
    "SITE_SYMBOL": "candlestick_chart",
    "SITE_URL": reverse_lazy("dashboard"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("desk/icon.svg")},
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "ENVIRONMENT": "stockdesk.unfold.mode_badge",
    "DASHBOARD_CALLBACK": "stockdesk.overview.overview",
    "ACCOUNT": {
        "navigation": [
            {"title": _("One-time codes and logins"), "link": reverse_lazy("trading:device")},
        ],
    },
    "BORDER_RADIUS": "4px",
    "STYLES": [lambda request: static("desk_admin/desk.css")],
    "COLORS": {
        "primary": {
            "50": "oklch(97% .012 255)",
            "100": "oklch(93.5% .024 255)",
            "200": "oklch(87% .044 255)",
            "300": "oklch(78% .07 256)",
            "400": "oklch(67% .09 257)",
            "500": "oklch(55% .1 258)",
            "600": "oklch(44% .1 260)",
            "700": "oklch(38% .09 261)",
            "800": "oklch(32% .075 262)",
            "900": "oklch(27% .06 263)",
            "950": "oklch(20% .045 264)",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": navigation,
    },
}
