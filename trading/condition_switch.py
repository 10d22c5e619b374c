"""Switching conditions on and off from the list: what may be switched, and what is to be said about it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from market.models import Instrument
from stockdesk.confirmation import Deed, Line
from trading.known import known_of
from trading.models import Condition
from trading.validation import judge
from trading.words import says


class NotSwitched(Exception):
    """It stays as it is; the text is for the person in front of the screen."""


@dataclass(slots=True)
class Plan:
    """What a bulk switch would do: those it changes, what to know before, and those it leaves with the reason."""

    change: list[Condition] = field(default_factory=list)
    leave: list[tuple[Condition, str]] = field(default_factory=list)
    warnings: list[tuple[Condition, str]] = field(default_factory=list)


def switch(condition_id: int, *, on: bool, who: Any, now: datetime) -> tuple[Condition, list[str]]:
    """Switch one condition, on its newest row; returns it with the warnings to show. NotSwitched says why not."""
    with transaction.atomic():
        condition = Condition.objects.select_for_update().get(pk=condition_id)
        if condition.enabled == on:
            return condition, []
        warnings = examine(condition, on=on, now=now)
        condition.enabled = on
        condition._history_user = who  # type: ignore[attr-defined]
        condition.save()
    return condition, warnings


def examine(condition: Condition, *, on: bool, now: datetime) -> list[str]:
    """The warnings of switching it; NotSwitched where a person may not, or where it could not work."""
    if condition.source == Condition.Origin.BOARD:
        raise NotSwitched(_("It comes from the board: switch the row of the watch list."))
    if not on:
        return []
    enabled, condition.enabled = condition.enabled, True
    complaints = judge(condition, known_of(condition, now))
    condition.enabled = enabled
    if wrong := [complaint.text for complaint in complaints if not complaint.warning]:
        raise NotSwitched(" ".join(wrong))
    return [complaint.text for complaint in complaints]


def plan(conditions: Iterable[Condition], *, on: bool, now: datetime) -> Plan:
    """What switching all of them would do, one by one."""
    made = Plan()
    for condition in conditions:
        if condition.enabled == on:
            made.leave.append((condition, _("on already") if on else _("off already")))
            continue
        try:
            made.warnings += [(condition, text) for text in examine(condition, on=on, now=now)]
        except NotSwitched as exc:
            made.leave.append((condition, str(exc)))
        else:
            made.change.append(condition)
    return made


def switching(plan: Plan, *, on: bool) -> Deed:
    """The plan as the page that asks shows it, each condition by its name."""
    told = [*plan.change, *(condition for condition, _text in (*plan.leave, *plan.warnings))]
    names = dict(Instrument.objects.filter(pk__in={row.symbol for row in told}).values_list("symbol", "name"))

    def line(condition: Condition, text: str) -> Line:
        return Line(condition.pk, f"{names.get(condition.symbol, '')} {condition.symbol}".strip(), text)

    def question(count: int) -> str:
        if on:
            text = ngettext("Switch %(n)d condition on?", "Switch %(n)d conditions on?", count)
        else:
            text = ngettext("Switch %(n)d condition off?", "Switch %(n)d conditions off?", count)
        return text % {"n": count}

    return Deed(
        action="switch_on" if on else "switch_off",
        title=_("Switch on") if on else _("Switch off"),
        question=question,
        rows=[line(condition, says(condition)) for condition in plan.change],
        left=[line(condition, f"{says(condition)} – {text}") for condition, text in plan.leave],
        warnings=[line(condition, text) for condition, text in plan.warnings],
        nothing=_("None of them can be switched."),
    )
