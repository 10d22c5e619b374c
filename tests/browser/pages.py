"""What is looked at on every page: barriers (axe-core), words left in English, and addresses to go to."""

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db.models import Model
from django.urls import reverse
from playwright.sync_api import Page

from stockdesk.models import MarketDay
from tests.ground.test_access import PAGES, TABLES, address

AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"

#: Addresses that answer with something else than a page, or only to a POST, or end the login.
NO_PAGES = {
    "healthz", "readyz", "metrics", "logout", "set_language", "robots",
    "symbol-live", "symbol-bars", "symbol-book", "symbol-overlays",
    "favourite", "guide-check", "guide-write", "trading:recovery", "trading:log-out-everywhere", "trading:kill",
    "trading:stop", "trading:lift", "trading:mode", "trading:arm", "trading:disarm", "trading:limits",
    "trading:cancel", "trading:settle", "login", "login-code", "trading:enrol",
    "admin:jsi18n", "admin:logout", "admin:market_watchrow_live",
    "admin:market_watchrow_switch", "admin:trading_condition_live", "admin:trading_condition_symbols",
    "admin:trading_condition_switch", "admin:trading_condition_process_import", "admin:search",
}  # fmt: skip

RUN_AXE = """async () => {
  await new Promise(requestAnimationFrame);  // the page hears of another theme of the system right before
  const found = await axe.run(document, { resultTypes: ["violations"] });
  const bad = found.violations.filter((one) => ["serious", "critical"].includes(one.impact));
  const where = (node) => `${node.target} ${node.any[0]?.message ?? ""}`;
  return bad.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map(where).join(" | ")}`);
}"""

#: Everything that a reader sees or hears: text, and the attributes that are read out or shown.
READ = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const { parentElement: parent, data } = walk.currentNode;
    const shown = parent.checkVisibility({ visibilityProperty: true });
    const icon = ".material-symbols-outlined";
    const skip = `script, style, noscript, template, code, textarea, [lang=en], .desk-code, ${icon}`;
    if (shown && data.trim() && !parent.closest(skip)) found.push(data.trim());
  }
  for (const node of document.querySelectorAll("[aria-label], [title], [placeholder], img[alt]")) {
    for (const name of ["aria-label", "title", "placeholder", "alt"]) {
      const said = node.closest("[lang=en]") ? "" : node.getAttribute(name);
      if (said && said.trim()) found.push(said.trim());
    }
  }
  return [document.title, ...found];
}"""


def barriers(page: Page) -> list[str]:
    """What axe-core calls serious or critical on this page as it is shown now."""
    page.evaluate(AXE.read_text())  # by the browser's tools, which the page's CSP does not bind
    found: list[str] = page.evaluate(RUN_AXE)
    return found


def read(page: Page) -> list[str]:
    found: list[str] = page.evaluate(READ)
    return found


def addresses() -> Iterator[str]:
    """Every page that the owner of the desk may look at; of each table its list, its form and one of its rows."""
    yield from (address(name) for name in PAGES if name not in NO_PAGES | ROW_PAGES)
    yield f"{reverse('admin:stockdesk_marketday_override')}?days={MarketDay.objects.earliest('day').day}"
    for label, (_look, add, _change, _delete) in TABLES.items():
        model: type[Model] = apps.get_model(label)
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        if add != "nobody":
            yield reverse(f"{name}_add")
        if row := model._default_manager.order_by("-pk").first():
            yield reverse(f"{name}_change", args=[row.pk])


#: Pages of a row that need one, or of a day: `addresses` goes to rows by the tables.
ROW_PAGES = {name for name in PAGES if name.endswith(("_row", "_simple_history", "user_password_change"))} | {
    "admin:stockdesk_program_order", "admin:stockdesk_marketday_override",
}  # fmt: skip


#: What stays as it is in Korean: names of things, units, and what a person types or reads elsewhere in this spelling.
SPELLED_SO = re.compile(
    r"KIS Developers|KIS|KST|API|KRW|HTS ID|HTS|DART|TOTP|ETN|ETF|KOSPI|KOSDAQ|NXT|KRX|QR|CSV|XLSX|MB|Gnuboard|MariaDB"
    r"|stockdesk( \d+\.\d+\.\d+)?(\+[0-9a-f]{7})?|\d+\.\d+\.\d+\+[0-9a-f]{7}|trader|npm"
    # what is typed, and names of settings, programs, channels and fields of the broker
    r"|\./desk( manage)? [a-z_]+|DESK_MODE=live|DESK_MODE|\.env|mock(?=입)|docs/[a-z-]+\.md|\w+://\S+|[a-z.]+\.(kr|com)"
    r"|ws_market|rest_market|supervisord|json 1|CUST_ID|ORD_DVSN|H0STCNI\d|TR ID|\b(ST|RT|MF|EF|EN)\b"
    # what an operating system says, the hash of a key, the licence of the charts
    r"|\[Errno 2\] No such file or directory|[0-9a-f]{12}(:[a-z]+)?|TradingView Lightweight Charts.*"
    # Unfold's scroll bars name themselves to screen readers, in English only; its switch of yes and no as well
    r"|scrollable content|^(True|False)$",
    re.IGNORECASE,
)
WORD = re.compile(r"[A-Za-z][A-Za-z_'-]*[A-Za-z]")


def english(said: Iterable[str], names: Collection[str]) -> list[str]:
    """Texts with English words in them, beside names of issues and what is spelled so in Korean."""
    longest = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    known = re.compile(f"(?<![A-Za-z])({longest})(?![A-Za-z])")  # "SK" is not in "DESK"
    return sorted({text for text in said if WORD.search(SPELLED_SO.sub("", known.sub("", text)))})
