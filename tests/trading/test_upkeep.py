"""Account upkeep: 80 quiet days, one proposal, one condition; never an order by itself on a guess."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from market.models import Instrument, Quote
from stockdesk.models import Event
from tests.ground.calendar import at, told
from tests.trading.values import a_balance, a_desk, an_order
from trading import models, upkeep
from trading.database import DatabaseStorage
from trading.decisions import decide
from trading.models import Condition, Upkeep, UpkeepSetting
from trading.ports import Changed
from trading.states import State
from trading.upkeep_issue import quotes_of
from trading.values import Intent, Mode

LAST = date(2026, 8, 28)
DUE = at("2026-11-16 10:00")  # the 80th day after it, a Monday
CHEAP = "003530"


def test_a_proposal_is_due_from_the_eightieth_day_on_whatever_holidays_there_were():
    days = [LAST + timedelta(days=number) for number in range(200)]
    assert [upkeep.proposal_due(LAST, day) for day in days] == [False] * 80 + [True] * 120


def test_a_last_fill_that_nobody_knows_is_neither_due_nor_not():
    assert upkeep.proposal_due(None, DUE.date()) is None


@pytest.fixture
def desk(db, settings) -> models.Desk:
    """A desk that trades on the mock broker, on an open day, with one cheap share on the tape."""
    settings.DESK = replace(settings.DESK, mode="mock", demo=False)
    told(DUE.date(), "Y", by=settings.DESK.broker)
    issue(CHEAP, 3_120, day_amount=9_000_000_000)
    models.Desk.objects.update(mode=Mode.MOCK.value)
    return models.Desk.objects.get()


def issue(symbol: str, price: int | None, *, day_amount: int = 1_000_000, seen: datetime = DUE, **flags: Any) -> None:
    Instrument.objects.create(symbol=symbol, name=f"종목 {symbol}", market="KOSPI", base_price=price, **flags)
    Quote.objects.create(
        symbol=symbol, last_price=price, day_amount=day_amount, received_at=seen - timedelta(seconds=1), source="rest"
    )


def traded(on: date, *, key: str = "last", mode: Mode = Mode.MOCK, **changes: Any) -> None:
    order = an_order(
        intent_key=key, condition_id=None, ordered_on=on, mode=mode, state=State.FILLED, filled_quantity=1,
        filled_amount=3_000, **changes,
    )  # fmt: skip
    assert DatabaseStorage().add(order) is not None


def wants(way: str) -> None:
    UpkeepSetting.objects.update_or_create(pk=1, defaults={"way": way})


def told_now() -> str:
    event = Event.objects.filter(code="upkeep", is_open=True).first()
    return event.text if event is not None else ""


def seen_at(now: datetime) -> None:
    Quote.objects.update(received_at=now - timedelta(seconds=1))


def test_nothing_is_proposed_on_the_day_before(desk):
    traded(LAST)
    upkeep.propose(DUE - timedelta(days=1))
    assert not Upkeep.objects.exists()
    assert told_now() == ""


def test_on_the_eightieth_day_one_share_is_proposed_and_a_person_told(desk):
    traded(LAST)
    upkeep.propose(DUE)
    proposal = Upkeep.objects.get()
    assert (proposal.symbol, proposal.price, proposal.state) == (CHEAP, 3_120, "proposed")
    assert (proposal.last_fill_on, proposal.name) == (LAST, "종목 003530")
    assert "80 days without a trade" in told_now()
    assert not Condition.objects.exists(), "nobody has said yes"


def test_no_second_proposal_is_made_while_one_is_open(desk):
    traded(LAST)
    for hour in range(4):
        now = DUE + timedelta(hours=hour)
        seen_at(now)
        upkeep.propose(now)
    assert Upkeep.objects.count() == 1


def test_of_two_processes_that_propose_one_writes(desk):
    values = {"symbol": CHEAP, "price": 3_120, "last_fill_on": LAST, "proposed_at": DUE}
    Upkeep.objects.create(**values)
    with pytest.raises(IntegrityError), transaction.atomic():
        Upkeep.objects.create(**values)


def test_a_yes_makes_one_condition_that_is_met_at_once(desk):
    traded(LAST)
    upkeep.propose(DUE)
    assert upkeep.approve(Upkeep.objects.get().pk, "kim", DUE)
    condition = Condition.objects.get()
    assert (condition.symbol, condition.side, condition.quantity, condition.repeat) == (CHEAP, "buy", 1, 1)
    assert (condition.strike_price, condition.pricing, condition.ticks) == (3_125, "ticks", 1)
    assert (condition.valid_from, condition.valid_to, condition.enabled) == (DUE.date(), DUE.date(), True)
    assert Upkeep.objects.get().condition_id == condition.pk


def test_a_second_yes_is_refused_and_makes_nothing(desk):
    traded(LAST)
    upkeep.propose(DUE)
    number = Upkeep.objects.get().pk
    upkeep.approve(number, "kim", DUE)
    with pytest.raises(Changed):
        upkeep.approve(number, "lee", DUE)
    assert not upkeep.place(DUE)
    assert Condition.objects.count() == 1
    assert Upkeep.objects.get().decided_by == "kim"


def test_a_yes_in_the_evening_waits_for_the_market(desk, settings):
    traded(LAST)
    upkeep.propose(DUE)
    assert not upkeep.approve(Upkeep.objects.get().pk, "kim", at("2026-11-16 21:00"))
    assert not Condition.objects.exists()
    morning = at("2026-11-17 09:30")
    told(morning.date(), "Y", by=settings.DESK.broker)
    upkeep.propose(morning)
    assert not Condition.objects.exists(), "the quote is of yesterday"
    seen_at(morning)
    upkeep.propose(morning)
    assert Condition.objects.get().valid_to == morning.date()


def test_what_was_approved_is_not_bought_once_it_is_halted(desk):
    traded(LAST)
    upkeep.propose(DUE)
    Instrument.objects.update(halted=True)
    assert not upkeep.approve(Upkeep.objects.get().pk, "kim", DUE)
    assert not Condition.objects.exists()


def test_the_condition_it_makes_is_due_at_once_and_buys_one_share(desk):
    traded(LAST)
    wants("automatic")
    upkeep.propose(DUE)
    quotes = quotes_of([CHEAP], DUE, "default")
    (intent,) = decide(DatabaseStorage().conditions(), quotes, {}, a_balance(), a_desk(), DUE)
    assert isinstance(intent, Intent)
    assert (intent.symbol, intent.side, intent.quantity, intent.price) == (CHEAP, "buy", 1, 3_125)


@pytest.fixture
def idle(desk) -> None:
    traded(LAST)
    wants("automatic")


@pytest.mark.django_db(transaction=True, databases=["default", "reading"])
def test_tradings_own_database_user_may_do_all_of_it(idle, as_trading):
    upkeep.propose(DUE, using="reading")
    upkeep.propose(DUE + timedelta(days=1), using="reading")
    assert [proposal.reason for proposal in Upkeep.objects.all()] == ["unfilled"]
    assert Condition.objects.count() == 1


def test_automatic_orders_without_asking_and_off_does_nothing(desk):
    traded(LAST)
    wants("off")
    upkeep.propose(DUE)
    assert (Upkeep.objects.count(), told_now()) == (0, "")
    wants("automatic")
    upkeep.propose(DUE)
    assert (Upkeep.objects.get().state, Upkeep.objects.get().decided_by) == ("ordered", "automatic")
    assert Condition.objects.count() == 1


def test_automatic_takes_over_what_waits_and_its_yes_goes_with_it(desk, settings):
    traded(LAST)
    upkeep.propose(DUE)
    evening, morning = at("2026-11-16 18:00"), at("2026-11-17 10:00")
    told(morning.date(), "Y", by=settings.DESK.broker)
    for way, now, state in (
        ("automatic", evening, "approved"),
        ("ask", morning, "proposed"),
        ("automatic", morning, "ordered"),
    ):
        wants(way)
        seen_at(now)
        upkeep.propose(now)
        assert Upkeep.objects.get().state == state
    assert Condition.objects.count() == 1


def test_a_last_fill_that_nobody_knows_is_said_and_never_ordered_on(desk):
    wants("automatic")
    upkeep.propose(DUE)
    assert not Upkeep.objects.exists()
    assert "not known when this account traded last" in told_now()


def test_a_trade_made_elsewhere_counts_when_a_person_says_so(desk):
    UpkeepSetting.objects.create(pk=1, traded_elsewhere_on=LAST)
    upkeep.propose(DUE)
    assert Upkeep.objects.get().last_fill_on == LAST
    UpkeepSetting.objects.update(traded_elsewhere_on=DUE.date())
    upkeep.propose(DUE)
    assert (Upkeep.objects.get().state, Upkeep.objects.get().reason) == ("expired", "needless")
    assert told_now() == ""


def test_the_later_of_ledger_and_person_counts(desk):
    UpkeepSetting.objects.create(pk=1, traded_elsewhere_on=LAST)
    traded(LAST + timedelta(days=30))
    upkeep.propose(DUE)
    assert not Upkeep.objects.exists()


def test_a_fill_at_the_mock_broker_says_nothing_of_the_real_account(desk, settings):
    traded(DUE.date() - timedelta(days=3))
    traded(LAST, key="real", mode=Mode.LIVE)
    settings.DESK = replace(settings.DESK, mode="live", kis_rest_url="https://openapi.koreainvestment.com:9443")
    assert upkeep.last_fill_on(UpkeepSetting()) == LAST


def test_a_dry_run_orders_nothing_and_says_what_to_do(desk):
    models.Desk.objects.update(mode="dry-run")
    traded(LAST)
    wants("automatic")
    upkeep.propose(DUE)
    assert not Upkeep.objects.exists()
    assert "trade one share elsewhere" in told_now()


@pytest.mark.parametrize(
    ("spoiled", "flags"),
    [
        ({"last_price": 499}, {}),
        ({"last_price": 5_001}, {}),
        ({"received_at": DUE - timedelta(seconds=11)}, {}),
        ({"halted": "Y"}, {}),
        ({"source": "ws", "session": 1}, {}),
        ({}, {"base_price": None}),
        ({}, {"halted": True}),
        ({}, {"administrative": True}),
        ({}, {"alerted": True}),
        ({}, {"liquidating": True}),
        ({}, {"overheated": True}),
        ({}, {"kind": "etf"}),
    ],
)
def test_an_issue_that_does_not_fit_is_not_proposed_and_the_reason_told(desk, spoiled, flags):
    traded(LAST)
    if spoiled:
        Quote.objects.update(**spoiled)
    if flags:
        Instrument.objects.update(**flags)
    upkeep.propose(DUE)
    assert not Upkeep.objects.exists()
    assert "no common share of 500 to 5,000 KRW" in told_now()


def test_the_most_traded_of_those_that_fit_is_taken(desk):
    traded(LAST)
    issue("900110", 700, day_amount=8_000_000_000)
    issue("009290", 4_990, day_amount=99_000_000_000)
    issue("005935", 4_000, day_amount=999_000_000_000)  # a preferred share
    issue("000220", 2_000, day_amount=500_000_000_000, administrative=True)
    upkeep.propose(DUE)
    assert Upkeep.objects.get().symbol == "009290"


def test_outside_the_market_nothing_is_chosen(desk):
    traded(LAST)
    seen_at(at("2026-11-16 08:00"))
    upkeep.propose(at("2026-11-16 08:00"))
    assert not Upkeep.objects.exists()
    assert "when the market is open" in told_now()


def test_a_fill_ends_the_proposal_and_the_clock_starts_anew(desk):
    traded(LAST)
    wants("automatic")
    upkeep.propose(DUE)
    order = an_order(
        intent_key="upkeep", condition_id=Condition.objects.get().pk, ordered_on=DUE.date(), state=State.FILLED,
        filled_quantity=1,
    )  # fmt: skip
    stored = DatabaseStorage().add(order)
    upkeep.propose(DUE + timedelta(hours=1))
    proposal = Upkeep.objects.get()
    assert stored is not None
    assert (proposal.state, proposal.order_id, proposal.is_open) == ("done", stored.id, None)
    assert told_now() == ""
    upkeep.propose(DUE + timedelta(days=79))
    assert Upkeep.objects.count() == 1


def test_a_day_without_a_fill_ends_it_and_the_next_day_proposes_again(desk, settings):
    traded(LAST)
    wants("automatic")
    upkeep.propose(DUE)
    tomorrow = DUE + timedelta(days=1)
    told(tomorrow.date(), "Y", by=settings.DESK.broker)
    seen_at(tomorrow)
    upkeep.propose(tomorrow)
    assert list(Upkeep.objects.order_by("id").values_list("state", "reason")) == [
        ("expired", "unfilled"),
        ("ordered", ""),
    ]


def test_an_order_of_which_nobody_knows_lets_nothing_else_be_bought(desk, settings):
    traded(LAST)
    wants("automatic")
    upkeep.propose(DUE)
    order = an_order(
        intent_key="upkeep", condition_id=Condition.objects.get().pk, ordered_on=DUE.date(), state=State.NEEDS_HUMAN
    )
    DatabaseStorage().add(order)
    tomorrow = DUE + timedelta(days=1)
    told(tomorrow.date(), "Y", by=settings.DESK.broker)
    seen_at(tomorrow)
    upkeep.propose(tomorrow)
    assert Upkeep.objects.get().state == "ordered"


def test_after_a_no_three_days_are_quiet(desk, settings):
    traded(LAST)
    upkeep.propose(DUE)
    upkeep.decline(Upkeep.objects.get().pk, "kim", DUE)
    for days, count in ((0, 1), (2, 1), (3, 2)):
        now = DUE + timedelta(days=days, minutes=1)
        told(now.date(), "Y", by=settings.DESK.broker)
        seen_at(now)
        upkeep.propose(now)
        assert Upkeep.objects.count() == count


def test_a_proposal_that_nobody_decides_on_makes_room_after_a_week(desk, settings):
    traded(LAST)
    upkeep.propose(DUE)
    later = DUE + timedelta(days=7)
    told(later.date(), "Y", by=settings.DESK.broker)
    seen_at(later)
    upkeep.propose(later)
    assert list(Upkeep.objects.order_by("id").values_list("state", flat=True)) == ["expired", "proposed"]
