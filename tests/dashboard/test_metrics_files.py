"""The Grafana dashboard and Prometheus's rules ask for figures that there are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from assets.accounts import own_account
from assets.models import Account
from market.models import FeedSession, Quote
from stockdesk.models import DaemonState, Lane, Pace, Token
from tests.dashboard.test_metrics import _desk, clock, page  # noqa: F401  (fixtures)
from trading.models import Refusal

DEPLOY = Path(settings.BASE_DIR, "deploy")
#: Prometheus's own, about the scrape.
ABOUT_SCRAPES = {"up"}
_WORDS = {"by", "on", "sum", "rate", "increase", "topk", "and", "label_values"}


def dashboard() -> dict[str, Any]:
    return json.loads((DEPLOY / "grafana" / "stockdesk.json").read_text())


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def expressions_of_rules() -> list[str]:
    text = (DEPLOY / "prometheus" / "stockdesk.rules.yml").read_text()
    return re.findall(r"^\s+expr: (.+)$", text, re.MULTILINE)


def asked_for(expression: str) -> set[tuple[str, frozenset[str]]]:
    """Names of figures with the labels that are asked of them."""
    bare = re.sub(r"(by|on) \([^)]*\)", "", expression)
    found = re.findall(r"([a-z_]{2,})(?:\{([^}]*)\})?", bare)
    names = [(name, frozenset(re.findall(r"(\w+)=", labels)) - {"job"}) for name, labels in found]
    return {(name, labels) for name, labels in names if name not in _WORDS and not re.fullmatch(r"[smh]", name)}


@pytest.fixture
def offered(db) -> dict[str, frozenset[str]]:
    """Every figure of a desk at work, with its labels."""
    now = timezone.now()
    Lane.objects.create(name="abc:market", key_id="abc", lane="market", spacing_us=1)
    Pace.objects.create(key_id="abc")
    Token.objects.create(key_id="abc", expires_at=now)
    DaemonState.objects.create(name="ws_market", holder="x", heartbeat_at=now, last_step_at=now,
                               counters={"records": 1, "memory_mib": 1.0})  # fmt: skip
    DaemonState.objects.create(name="rest_market", counters={"round_seconds": 7.0, "round_symbols": 2500})
    FeedSession.objects.create(number=1, symbols="005930")
    Quote.objects.create(symbol="005930", received_at=now)
    Account.objects.create(id=own_account(), updated_at=now)
    Refusal.objects.create(
        condition_id=1,
        refused_on=timezone.localdate(now),
        code="no_cash",
        symbol="005930",
        side="buy",
        first_at=now,
        last_at=now,
    )
    families = text_string_to_metric_families(page().content.decode())
    return {sample.name: frozenset(sample.labels) for family in families for sample in family.samples}


def unknown_of(expressions: list[str], offered: dict[str, frozenset[str]]) -> list[str]:
    return [
        f"{name} {sorted(labels)} in {expression}"
        for expression in expressions
        for name, labels in asked_for(expression)
        if name not in ABOUT_SCRAPES and not (name in offered and labels <= offered[name])
    ]


def test_an_expression_is_taken_apart():
    found = asked_for('sum by (key) (rate(stockdesk_calls_total{job="$job",lane="x"}[1m])) > 0')
    assert found == {("stockdesk_calls_total", frozenset({"lane"}))}


def test_every_panel_asks_for_figures_that_there_are(offered):
    expressions = [target["expr"] for panel in panels() for target in panel["targets"]]
    assert len(expressions) > 40
    assert unknown_of(expressions, offered) == []


def test_every_rule_asks_for_figures_that_there_are(offered):
    assert len(expressions_of_rules()) >= 10
    assert unknown_of(expressions_of_rules(), offered) == []


def test_every_figure_of_the_desk_is_on_the_dashboard(offered):
    shown = {name for panel in panels() for target in panel["targets"] for name, _ in asked_for(target["expr"])}
    left_out = {"stockdesk_assets_stale", "stockdesk_symbols_live", "stockdesk_market_round_symbols"}
    assert {name for name in offered if name.startswith("stockdesk_")} - shown == left_out


def test_labels_of_legends_are_labels_of_their_figures(offered):
    for panel in panels():
        for target in panel["targets"]:
            labels = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            of_figures = set().union(*(offered[name] for name, _ in asked_for(target["expr"])))
            assert labels <= of_figures, target


def test_the_dashboard_has_what_grafana_needs():
    whole = dashboard()
    assert whole["schemaVersion"] >= 36
    assert [variable["name"] for variable in whole["templating"]["list"]] == ["datasource", "job"]
    ids = [panel["id"] for panel in whole["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in panels():
        assert re.search("[가-힣]", panel["title"]), panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["unit"]
        assert defaults["thresholds"]["steps"][0]["value"] is None


def test_no_two_panels_lie_over_each_other():
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


def test_every_alert_says_in_korean_what_to_do():
    text = (DEPLOY / "prometheus" / "stockdesk.rules.yml").read_text()
    alerts = text.split("- alert: ")[1:]
    assert len(alerts) == len(expressions_of_rules())
    for alert in alerts:
        for field in ("summary", "description"):
            (said,) = re.findall(rf'{field}: "(.+)"', alert)
            assert re.search("[가-힣]", said) or "./desk" in said
