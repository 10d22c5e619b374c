"""Each alert, provoked where it comes from as far as that is cheap, is seen once at a receiver on this machine."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from collectors import sources
from collectors.feed import Feed
from market import alerting as market_alerting
from market.buffer import Buffer
from market.instruments import load_instruments
from market.models import Instrument, Quote
from stockdesk.alerts import registry, watches
from stockdesk.alerts.alerting import Alerts
from stockdesk.alerts.catalogue import CATALOGUE, advice
from stockdesk.calendar.doubts import tell_doubts
from stockdesk.calls.budget import Budget
from stockdesk.calls.governor import Governor
from stockdesk.calls.tokens import OLD, REFUSED, TokenStore
from stockdesk.env.alerts import AlertSettings
from stockdesk.events import Troubles, raise_event
from stockdesk.kis.errors import KisError
from stockdesk.kis.messages import KST
from stockdesk.models import Alert, Event
from tests.alerts.conftest import NOW
from tests.trading.values import a_desk, a_market, an_order, an_unknown
from trading import alarms, upkeep
from trading.models import Order
from trading.ports import Surroundings
from trading.states import State
from trading.values import Mode, Setting, Stop

MODEL_VALUES = {"mode": "mock", "symbol": "005930", "side": "buy", "quantity": 10, "price": 71_900}


def ledger() -> None:
    """All that trading alarms about, as its daemon tells it."""
    lost = an_unknown(id=1, sent_at=NOW - timedelta(minutes=5))
    human = replace(an_order(id=2), state=State.NEEDS_HUMAN, reason="2 orders at the broker may be this one.")
    strange = replace(an_order(id=3), alarm="It was thought absent and turned up late.")
    desk = a_desk(mode=Mode.LIVE, killed_at=NOW, killed_by="kim", stop=Stop.FULL, stop_by="lee")
    around = Surroundings(setting=Setting(Mode.LIVE, "live", True), clock_skew=7.0, market=a_market(), order_wait=0.0)
    common = {"now": NOW, "started_at": NOW - timedelta(minutes=5)}
    found = alarms.troubles([lost, human, strange], desk, around, recovered=False, **common)
    found |= alarms.troubles([], desk, around, recovered=True, blind_since=NOW - timedelta(minutes=1), **common)
    found |= alarms.switched_off([("005930", 4, "refused 3 times: APBK0918")])
    Troubles("trading", alarms.CODES, level="error").tell(found)


def orders() -> None:
    at = {"ordered_on": NOW.date(), "created_at": NOW, "changed_at": NOW}
    filled = {"state": "filled", "filled_quantity": 10, "filled_amount": 719_000, "filled_at": NOW}
    Instrument.objects.create(symbol="005930", name="삼성전자", market="KOSPI")
    Order.objects.create(intent_key="a", **MODEL_VALUES, **at, **filled)
    Order.objects.create(intent_key="b", **MODEL_VALUES, **at, state="rejected", reason="The exchange refused it.")


def feed() -> None:
    """A session that is parked, another one with trouble of each kind, and a list that is too long."""
    counts = SimpleNamespace(undecryptable=1)
    session = SimpleNamespace(counts=counts, refused=lambda: {"000660": "OPSP0007"})
    lamp = SimpleNamespace(note="app key k is in use elsewhere (OPSP8996)", state=SimpleNamespace(value="parked"))
    keepers = [
        SimpleNamespace(number=n, session=one, lamp=lamp, down_for=lambda: 60.0)
        for n, one in ((1, None), (2, session), (3, None), (4, None), (5, None))
    ]
    made = Feed(
        daemon="ws_market", keepers=keepers, missed=None, capacity=40, notices=None, buffer=Buffer(),  # type: ignore[arg-type]
        writer=None, board=None, stopping=None, coverage=None,  # type: ignore[arg-type]
    )  # fmt: skip
    made.buffer.counts.records, made.buffer.counts.bad = 100, 90
    made.left_over = ["000660"]
    made._wrong.tell(dict(made._troubles()))


def keys_and_calls() -> None:
    Governor("key one").quarantine(60, "OPSP8996 app key in use")
    Budget("key one", 18).slow_down()
    store = TokenStore("key one", None)  # type: ignore[arg-type]
    store._postpone(61, "EGW00103: no such app key", REFUSED)
    store._postpone(61, "EGW00133: too soon", OLD)
    sources.tell_key_refused("dart", "010")
    watches.look_at_keys(NOW)
    watches.look_at_disks(NOW)


def market() -> None:
    class Away:
        def fetch(self, _file: str) -> bytes:
            raise KisError("kospi_code.mst.zip: no answer within 10 s")

    load_instruments(Away())  # type: ignore[arg-type]
    Quote.objects.create(symbol="005930", last_price=71_900, received_at=NOW - timedelta(minutes=2))
    market_alerting.look_at_quotes(NOW)
    upkeep._tell("80 days without a trade: the last proposal was declined.")


@pytest.fixture
def desk(db, settings, receiver, monkeypatch):
    """A desk on this receiver alone, at ten on a Friday that nobody has confirmed."""
    ends = {"KIS_APP_KEY_EXPIRES": date(2026, 11, 20), "DART_API_KEY_EXPIRES": date(2026, 11, 1)}
    alerts = AlertSettings(urls=(receiver.url(),), key_ends=ends)
    settings.DESK = replace(settings.DESK, alerts=alerts, demo=False, mode="dry-run")
    monkeypatch.setattr(registry, "WATCHES", {})
    full = SimpleNamespace(total=100 * 2**30, free=2**29)
    monkeypatch.setattr(watches.shutil, "disk_usage", lambda _place: full)
    # The hour's bound has a test of its own; here everything is to be seen.
    monkeypatch.setattr("stockdesk.alerts.pace.MOST_AN_HOUR", 1000)
    return settings


def test_each_alert_is_seen_once(desk, receiver):
    tell_doubts(NOW)
    ledger()
    orders()
    feed()
    keys_and_calls()
    desk.DESK = replace(desk.DESK, demo=True, mode="mock")  # whose market is open
    market()
    provoked = set(Event.objects.values_list("code", flat=True)) | {"order-filled", "order-failed"}
    for code in CATALOGUE.keys() - provoked:  # those whose programs are tested where they run
        raise_event("desk", code, "a", text="text")
    Event.objects.update(started_at=NOW)

    clock = SimpleNamespace(now=NOW)
    alerts = Alerts(lambda: clock.now)
    for seconds in (1, 10, 11, 800, 1500, 1510):
        clock.now = NOW + timedelta(seconds=seconds)
        alerts.step()
        while alerts._post.busy:  # a batch takes twenty messages
            alerts._post.wait()
            alerts.step()

    assert len(provoked) >= 28
    expected = {advice(code)[0] for code in CATALOGUE}
    seen = [title.partition("] ")[2].partition(" · ")[0] for title in receiver.titles]
    assert sorted(seen) == sorted(expected)
    assert {"세션 끊김 · 5" in title for title in receiver.titles} == {True, False}, (
        "five parked sessions are one alert"
    )
    texts = "\n".join(f"{message['title']}\n{message['message']}" for message in receiver.messages)
    for said in (
        "kim 님이 비상정지를 눌렀습니다", "lee 님이 전면정지로 설정함",
        "[모의] 삼성전자 005930 매수 10주 체결가 71,900원",
        "KIS_APP_KEY 2026-11-20까지 유효, 7일 남음", "100GB 중 512MB 남음",
    ):  # fmt: skip
        assert said in texts
    assert set(Alert.objects.values_list("deliveries__state", flat=True)) == {"sent"}
    assert NOW.astimezone(KST).hour == 10
