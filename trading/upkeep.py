"""Account upkeep: KIS closes accounts left idle, so after 80 days without a fill one cheap share is proposed.

What a person approves becomes an ordinary condition of one day and passes every check there is. The share stays in
the account: whether it is sold again is nobody's business but its owner's.
"""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from market.models import Instrument
from stockdesk.events import clear_event, raise_event
from trading.models import Condition, Desk, Order, Upkeep, UpkeepSetting
from trading.ports import Changed
from trading.states import HOLDING
from trading.ticks import round_price, step
from trading.upkeep_issue import PRICES, candidates, cheap_issue, fits, is_open, quotes_of
from trading.values import Mode, Pricing, QuoteView, Sizing, Trigger, kst_day

IDLE_DAYS = 80
WAITS = timedelta(days=7)
"""So long a proposal waits for a person, or an approved one for a market in which it fits."""
QUIET = timedelta(days=3)
"""After a no nothing new is proposed for so long."""
CANCEL_AFTER = 300
DAEMON, CODE = "trading", "upkeep"
AUTOMATIC = "automatic"

Way, State, Reason = UpkeepSetting.Way, Upkeep.State, Upkeep.Reason
WAITING = (State.PROPOSED, State.APPROVED)


def proposal_due(last_fill_on: date | None, today: date) -> bool | None:
    """True from the 80th day after the last fill, counted by the calendar; None where that day is not known."""
    return None if last_fill_on is None else (today - last_fill_on).days >= IDLE_DAYS


def propose(now: datetime, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """One look, to be called every few minutes: what has ended is closed, what is due is proposed or ordered.

    The event ``upkeep`` says what a person has to know or do, while there is something. ``using`` is the alias that
    reads market and calendar. Called by two at once it still proposes and orders once.
    """
    setting = UpkeepSetting.objects.filter(pk=1).first() or UpkeepSetting()
    _close(now)
    last = last_fill_on(setting)
    due = proposal_due(last, kst_day(now))
    if setting.way == Way.OFF or due is False:
        _end(Upkeep.objects.filter(state__in=WAITING), now, Reason.NEEDLESS)
        return _tell("")
    if last is None:
        return _tell("It is not known when this account traded last: enter the day in the admin." if _sends() else "")
    return _tell(f"{(kst_day(now) - last).days} days without a trade: {_go_on(setting, last, now, using)}")


def _go_on(setting: UpkeepSetting, last: date, now: datetime, using: str) -> str:
    """The next step that is due; returns what to tell of it."""
    if not _sends():
        return "in a dry run nothing is ordered; trade one share elsewhere and enter the day in the admin."
    proposal = Upkeep.objects.filter(is_open=True).first()
    if proposal is None:
        if Upkeep.objects.filter(state=State.DECLINED, decided_at__gt=now - QUIET).exists():
            return "the last proposal was declined."
        if not is_open(now, using):
            return "a share is proposed when the market is open."
        if (quote := cheap_issue(candidates(now, using), now)) is None:
            return f"no common share of {PRICES[0]:,} to {PRICES[1]:,} KRW has a living quote and no flag."
        proposal = _propose(quote, last, now, using)
    _follow(setting, proposal, now)
    if proposal.state == State.APPROVED:
        place(now, using=using)
        proposal.refresh_from_db()
    share = f"one share of {proposal.symbol} at about {proposal.price:,} KRW"
    return {
        State.PROPOSED: f"{share} is proposed and waits for a word in the admin.",
        State.APPROVED: f"{share} is approved and waits for the market and a good quote.",
    }.get(State(proposal.state), f"{share} is being bought.")


def _propose(quote: QuoteView, last: date, now: datetime, using: str) -> Upkeep:
    master = Instrument.objects.using(using).filter(pk=quote.symbol).first()
    try:
        with transaction.atomic():
            return Upkeep.objects.create(
                symbol=quote.symbol,
                name=master.name if master is not None else "",
                price=quote.last_price or 0,
                last_fill_on=last,
                proposed_at=now,
                state=State.PROPOSED,
            )
    except IntegrityError:
        # Another process was faster; at most one is open.
        return Upkeep.objects.get(is_open=True)


def _follow(setting: UpkeepSetting, proposal: Upkeep, now: datetime) -> None:
    """Automatic says yes to what waits; where that was taken back meanwhile, its yes is too."""
    rows = Upkeep.objects.filter(pk=proposal.pk)
    if setting.way == Way.AUTOMATIC:
        rows.filter(state=State.PROPOSED).update(state=State.APPROVED, decided_by=AUTOMATIC, decided_at=now)
    else:
        unasked = rows.filter(state=State.APPROVED, decided_by=AUTOMATIC)
        unasked.update(state=State.PROPOSED, decided_by="", decided_at=None)
    proposal.refresh_from_db()


def approve(upkeep_id: int, who: str, now: datetime) -> bool:
    """A person says yes. True when the condition was made at once, False while it waits for the market.

    Raises Changed where the proposal does not wait any more.
    """
    _decide(upkeep_id, who, now, state=State.APPROVED)
    return place(now)


def decline(upkeep_id: int, who: str, now: datetime) -> None:
    """A person says no. Raises Changed where the proposal does not wait any more."""
    _decide(upkeep_id, who, now, state=State.DECLINED, is_open=None, ended_at=now)


def _decide(upkeep_id: int, who: str, now: datetime, **change: object) -> None:
    rows = Upkeep.objects.filter(pk=upkeep_id, state=State.PROPOSED)
    if not rows.update(decided_by=who, decided_at=now, **change):
        raise Changed(f"proposal {upkeep_id} does not wait for a word any more")
    clear_event(DAEMON, CODE)


def place(now: datetime, *, using: str = DEFAULT_DB_ALIAS) -> bool:
    """Make the condition of an approved proposal, once, if the market is open and the issue still fits."""
    if not is_open(now, using):
        return False
    with transaction.atomic():
        proposal = Upkeep.objects.select_for_update().filter(state=State.APPROVED).first()
        if proposal is None:
            return False
        quote = quotes_of([proposal.symbol], now, using).get(proposal.symbol)
        if quote is None or not fits(quote, now):
            return False
        proposal.condition = _condition(quote, now)
        proposal.state = State.ORDERED
        proposal.save(update_fields=["condition", "state"])
    return True


def _condition(quote: QuoteView, now: datetime) -> Condition:
    """Buy one share today, at once: the strike is a tick above the price."""
    assert quote.last_price is not None
    assert quote.instrument is not None
    kind, day = quote.instrument.kind, kst_day(now)
    condition = Condition(
        symbol=quote.symbol,
        side="buy",
        enabled=True,
        trigger=Trigger.AT_OR_BELOW.value,
        strike_price=step(round_price(quote.last_price, "sell", kind), 1, kind),
        sizing=Sizing.QUANTITY.value,
        quantity=1,
        pricing=Pricing.TICKS.value,
        ticks=1,
        valid_from=day,
        valid_to=day,
        repeat=1,
        cancel_after=CANCEL_AFTER,
        note=_("account upkeep: one share against closing"),
    )
    condition.save()
    return condition


def _close(now: datetime) -> None:
    """End what has ended: filled, unfilled and its day over, or left lying."""
    _end(Upkeep.objects.filter(state__in=WAITING, proposed_at__lte=now - WAITS), now, Reason.UNDECIDED)
    for proposal in Upkeep.objects.filter(state=State.ORDERED).select_related("condition"):
        orders = Order.objects.filter(condition_id=proposal.condition_id or 0)
        filled = orders.filter(filled_quantity__gt=0).first()
        if filled is not None:
            done = {"state": State.DONE, "order": filled, "is_open": None, "ended_at": now}
            Upkeep.objects.filter(pk=proposal.pk, state=State.ORDERED).update(**done)
        elif orders.filter(state__in=[state.value for state in HOLDING]).exists():
            continue  # it may have been filled: nothing else is bought until that is known
        elif proposal.condition is None or (proposal.condition.valid_to or date.min) < kst_day(now):
            _end(Upkeep.objects.filter(pk=proposal.pk, state=State.ORDERED), now, Reason.UNFILLED)


def _end(rows: QuerySet[Upkeep], now: datetime, reason: Upkeep.Reason) -> None:
    rows.update(state=State.EXPIRED, is_open=None, ended_at=now, reason=reason)


def _tell(text: str) -> None:
    if text:
        raise_event(DAEMON, CODE, text=text)
    else:
        clear_event(DAEMON, CODE)


def last_fill_on(setting: UpkeepSetting) -> date | None:
    """The last day on which this account traded, as the ledger or a person knows it; None where neither does.

    The ledger has the orders made elsewhere too, from the day on which the desk first looked. Those of the mock broker
    say nothing of the real account.
    """
    mode = Mode.MOCK if settings.DESK.on_mock else Mode.LIVE
    filled = Order.objects.filter(filled_quantity__gt=0, mode=mode.value).aggregate(last=Max("ordered_on"))["last"]
    return max((day for day in (filled, setting.traded_elsewhere_on) if day is not None), default=None)


def _sends() -> bool:
    """Whether ``.env`` and the desk's row agree that orders leave."""
    mode = Desk.objects.filter(pk=1).values_list("mode", flat=True).first()
    return mode == settings.DESK.mode and mode != Mode.DRY_RUN.value
