"""The form behind a strike condition, for the screen and for every row of an imported file."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from market.gnuboard import clean_symbol
from market.models import NAME_LENGTH
from market.watch_forms import symbol_of_name
from stockdesk.kis.numbers import TypedNumberError, typed_number
from trading.known import known_of
from trading.models import Condition
from trading.pricings import ORDER_TYPES
from trading.validation import (
    MAX_AMOUNT,
    MAX_PRICE,
    MAX_QUANTITY,
    MAX_REPEAT,
    MAX_SECONDS,
    MAX_TICKS,
    Complaint,
    judge,
    typed_problem,
    typed_rate,
    typed_whole,
)


class TypedField(forms.CharField):
    """A number as people type it. What cannot be read stays in the box, with a sentence beside it."""

    def __init__(self, read: Callable[[str], Any], *, empty: Any = None, **options: Any) -> None:
        self.read = read
        self.empty = empty
        widget = UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "inputmode": "decimal"})
        super().__init__(required=False, max_length=40, widget=widget, **options)

    def to_python(self, value: Any) -> Any:
        text = "" if value is None else str(value)
        if not text.strip():
            return self.empty
        try:
            return self.read(text)
        except TypedNumberError as exc:
            raise forms.ValidationError(typed_problem(exc)) from exc
        except ValueError as exc:
            raise forms.ValidationError(str(exc)) from exc

    def clean(self, value: Any) -> Any:
        text = super().to_python(value)
        self.run_validators(text)
        return self.to_python(value)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str) or value is None:
            return value
        return f"{value:,}" if isinstance(value, int) else f"{value.normalize():f}"


def _amount(limit: int) -> Callable[[str], int]:
    return lambda text: typed_number(text, limit)


def _whole(least: int, most: int) -> Callable[[str], int]:
    return lambda text: typed_whole(text, least, most)


class ConditionForm(forms.ModelForm):
    """Reads what was typed and lets `trading.validation` judge it; ``warnings`` is what may be said afterwards."""

    symbol = forms.CharField(
        label=_("symbol"),
        max_length=NAME_LENGTH,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "data-condition": "symbol"}),
        help_text=_("Six-character code (005930, 0001A0), ETN code (Q500001), or the exact name."),
    )
    strike_price = TypedField(
        _amount(MAX_PRICE),
        label=_("strike price"),
        help_text=_("KRW, such as 71,900. The order leaves when the last price reaches it."),
    )
    rate = TypedField(
        typed_rate,
        label=_("rate"),
        help_text=_(
            "Percent above zero, such as 3 or 2.5: gain or loss against your average price; for trailing the way back "
            "from the best price since it was switched on."
        ),
    )
    quantity = TypedField(_amount(MAX_QUANTITY), label=_("quantity"), help_text=_("Shares of each order, such as 10."))
    amount = TypedField(
        _amount(MAX_AMOUNT),
        label=_("order amount"),
        help_text=_("KRW of each order, such as 300,000; as many whole shares as it pays for."),
    )
    ticks = TypedField(
        _whole(-MAX_TICKS, MAX_TICKS),
        empty=0,
        initial=0,
        label=_("ticks"),
        help_text=_("Ticks from the last price: 2 fills sooner, -2 waits for a better price. Empty is 0."),
    )
    repeat = TypedField(
        _whole(1, MAX_REPEAT),
        empty=1,
        initial=1,
        label=_("times"),
        help_text=_("How many orders it may send after being switched on. Empty is 1."),
    )
    cool_down = TypedField(
        _whole(0, MAX_SECONDS),
        empty=60,
        initial=60,
        label=_("cool-down"),
        help_text=_("Seconds it waits between two of its orders. Empty is 60."),
    )
    cancel_after = TypedField(
        _whole(1, MAX_SECONDS),
        label=_("cancel after"),
        help_text=_("Seconds after which what is not filled is cancelled, such as 300. Empty leaves it for the day."),
    )
    position = TypedField(
        _whole(-10_000, 10_000),
        empty=0,
        initial=0,
        label=_("position"),
        help_text=_("Where several are due at once, the lower number goes first. Empty is 0."),
    )

    # What the page showed; the desk may have switched the condition off since, and saving would switch it on again.
    seen_revision = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Condition
        fields = (
            "symbol", "side", "enabled", "trigger", "strike_price", "rate", "sizing", "quantity", "amount", "pricing",
            "ticks", "valid_from", "valid_to", "hours_from", "hours_to", "repeat", "cool_down", "cancel_after",
            "note", "position",
        )  # fmt: skip
        help_texts = {
            "side": _("Buy takes shares for cash; sell gives only shares that you hold."),
            "enabled": _("On, it watches the price and orders by itself. Off, it is kept for later."),
            "trigger": _(
                "What sets it off: the last price reaching the strike price, or the gain, loss or way back of a rate. "
                "Take profit and stop loss are for selling."
            ),
            "sizing": _("Shares, an amount of KRW, or all: all that you hold, or all the cash there is."),
            "pricing": _("Limit at the strike price, limit some ticks from the last price, or a market order."),
            "valid_from": _("First day on which it may order. Empty: at once."),
            "valid_to": _("Last day on which it may order, this day included. Empty: without end."),
            "hours_from": _("From this time of day (KST), such as 09:05. Empty: from the opening."),
            "hours_to": _("Until this time of day (KST), such as 15:10. Empty: until the close."),
            "note": _("For yourself; it changes nothing and can be searched."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.warnings: list[Complaint] = []
        if "pricing" in self.fields:  # a condition of the board is shown without any
            with_ticks = [str(pricing) for pricing, one in ORDER_TYPES.items() if one.with_ticks]
            self.fields["pricing"].widget.attrs["data-with-ticks"] = " ".join(with_ticks)
        if self.instance.pk:
            self.fields["seen_revision"].initial = self.instance.revision
        else:
            del self.fields["seen_revision"]

    def clean_symbol(self) -> str:
        typed = self.cleaned_data["symbol"].strip()
        return clean_symbol(typed) or symbol_of_name(typed)

    def clean_seen_revision(self) -> int | None:
        seen: int | None = self.cleaned_data["seen_revision"]
        rows = Condition.objects.filter(pk=self.instance.pk)
        if connection.in_atomic_block:
            rows = rows.select_for_update()  # until it is saved
        if seen is not None and seen not in rows.values_list("revision", flat=True):
            # Said above the form: the field itself is hidden.
            text = _("It was changed meanwhile, by somebody else or by the desk: load the page again before you save.")
            self.add_error(None, text)
        return seen

    def _post_clean(self) -> None:
        """Judged after the model's own rules, on the condition as it would be stored."""
        super()._post_clean()  # type: ignore[misc]
        if any(name in self.errors for name in ("symbol", "side", "trigger", "sizing", "pricing")):
            return
        complaints = judge(self.instance, known_of(self.instance, timezone.now()))
        for complaint in complaints:
            if complaint.warning:
                self.warnings.append(complaint)
            elif complaint.field not in self.errors:  # a number that could not be read is not missing as well
                name = complaint.field if complaint.field in self.fields else None
                self.add_error(name, complaint.text)
