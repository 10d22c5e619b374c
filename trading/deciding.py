"""One round over all conditions: intents become rows, everything else a reason why not."""

from dataclasses import replace

from trading import checks, ledger
from trading.core import Core
from trading.decisions import best_prices, decide
from trading.ports import Surroundings
from trading.states import State
from trading.values import Facts, Intent, Mode, Order, kst_day


class Decider:
    """Decides on all conditions; what it makes are committed rows, and nothing is sent from here."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def decide(self) -> list[Order]:
        """One round over all conditions; returns the rows it made. They are sent by `send_one`, one a second."""
        if self._core.recovered_at is None:
            return []
        made: list[Order] = await self._core.run(self._decide, self._core.surroundings())
        return made

    def _decide(self, around: Surroundings) -> list[Order]:
        desk = self._core.storage.desk()
        if desk is None or around.setting is None:
            return []
        conditions = self._core.storage.conditions()
        data = self._core.reader.market_data(sorted({condition.symbol for condition in conditions}))
        now = self._core.clock()  # after the reading: a price that came meanwhile is not one from the future
        better = {condition.id: condition for condition in best_prices(conditions, data.quotes, now)}
        for condition in better.values():
            self._core.storage.note_best(condition)
        past = self._core.storage.orders_of(conditions)
        today, dry = kst_day(now), Mode.DRY_RUN in (desk.mode, around.setting.mode)
        views = {
            condition.id: replace(
                better.get(condition.id, condition),
                history=ledger.history_of(condition, past, today=today, dry=dry),
            )
            for condition in conditions
        }
        orders = self._core.storage.orders(today)
        made: list[Order] = []
        answers = decide(list(views.values()), data.quotes, data.holdings or {}, data.balance, desk, now)
        for answer in answers:
            if isinstance(answer, Intent):
                condition = views[answer.condition_id or 0]
                facts = self._core.facts(answer.symbol, around, data, [*orders, *made], condition)
                order = self._create(answer, facts)
                made += [order] if order is not None else []
            else:
                self._core.say(answer, now)
        return made

    def _create(self, intent: Intent, facts: Facts) -> Order | None:
        refusal = checks.first_refusal(intent, facts)
        if refusal is not None:
            self._core.say(replace(refusal, seen={**refusal.seen, **_seen(intent)}), facts.now)
            return None
        mode = checks.effective_mode(facts)
        assert mode is not None
        order = ledger.new_order(intent, mode, facts.now)
        if mode is Mode.DRY_RUN:
            # A dry run does everything but send: the row says what would have been.
            order = ledger.moved(order, State.DENIED, facts.now, code="dry_run", reason=f"Dry run: {order.reason}")
        stored = self._core.storage.add(order)
        if stored is None:
            known = checks.refuse(intent, "known_intent", "This very intent is in the ledger already.")
            self._core.say(known, facts.now)
            return None
        return stored if stored.state is State.CREATED else None


def _seen(intent: Intent) -> dict[str, object]:
    return {"quote_price": intent.quote_price, "quote_at": intent.quote_at, "quantity": intent.quantity}
