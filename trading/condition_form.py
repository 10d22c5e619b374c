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
        _amount(MAX_PRICE), label=_("strike price"), help_text=_("KRW; commas in groups of three are fine.")
    )
    rate = TypedField(
        typed_rate,
        label=_("rate"),
        help_text=_("percent, above zero: profit or loss against the average price, or way back from the best price"),
    )
    quantity = TypedField(_amount(MAX_QUANTITY), label=_("quantity"), help_text=_("shares"))
    amount = TypedField(_amount(MAX_AMOUNT), label=_("order amount"), help_text=_("KRW"))
    ticks = TypedField(
        _whole(-MAX_TICKS, MAX_TICKS),
        empty=0,
        initial=0,
        label=_("ticks"),
        help_text=_("from the last price towards the fill; negative waits"),
    )
    repeat = TypedField(_whole(1, MAX_REPEAT), empty=1, initial=1, label=_("times"), help_text=_("orders since armed"))
    cool_down = TypedField(
        _whole(0, MAX_SECONDS), empty=60, initial=60, label=_("cool-down"), help_text=_("seconds between two orders")
    )
    cancel_after = TypedField(
        _whole(1, MAX_SECONDS),
        label=_("cancel after"),
        help_text=_("seconds; empty leaves the order until the day ends"),
    )
    position = TypedField(
        _whole(-10_000, 10_000), empty=0, initial=0, label=_("position"), help_text=_("lower is decided first")
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
