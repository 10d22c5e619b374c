"""The form behind a watch list row: a stock and a switch, and the owner's columns where the settings name them."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from market import gnuboard
from market.gnuboard import GnuboardError, clean_symbol, is_on, run_values, typed_number
from market.models import BOARD, NAME_LENGTH, Instrument, WatchRow

OFFERED = 5  # candidates named when a typed name fits several instruments

# form field -> (model field, column of the board)
MAPPED = {
    "symbol": ("code_value", BOARD.col_code),
    "name": ("name_value", BOARD.col_name),
    "running": ("run_value", BOARD.col_run),
    "price": ("price_value", BOARD.col_price),
    "quantity": ("quantity_value", BOARD.col_qty),
    "side": ("side_value", BOARD.col_side),
}


def symbol_of_name(name: str) -> str:
    """The code of an instrument by its exact name; several similar ones are offered, none is guessed."""
    exact = list(Instrument.objects.filter(name=name).values_list("symbol", flat=True)[:2])
    if len(exact) == 1:
        return exact[0]
    similar = Instrument.objects.filter(name__icontains=name).order_by("name")[:OFFERED] if name else []
    if similar:
        offers = ", ".join(str(instrument) for instrument in similar)
        raise forms.ValidationError(_("Which one: %(offers)s?"), params={"offers": offers})
    raise forms.ValidationError(_("%(typed)s is not a stock code."), params={"typed": name})


class WatchRowForm(forms.ModelForm):
    """Validates before anything is written: a MyISAM board has no rollback."""

    symbol = forms.CharField(
        label=_("symbol"),
        max_length=NAME_LENGTH,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "autofocus": True}),
        help_text=_("Six-character code (005930, 0001A0), ETN code (Q500001), or the exact name."),
    )
    name = forms.CharField(
        label=_("name"),
        required=False,
        max_length=255,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Left empty, it is taken from the instrument master."),
    )
    running = forms.BooleanField(
        label=_("run"),
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("On, its price is received live. Off, the row stays without a live price."),
    )
    price = forms.CharField(
        label=_("strike price"),
        required=False,
        max_length=40,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("KRW, such as 71,900. Where price, quantity and side are empty, the row is only watched."),
    )
    quantity = forms.CharField(
        label=_("quantity"),
        required=False,
        max_length=40,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Shares of the order, such as 10."),
    )
    side = forms.CharField(
        label=_("side"),
        required=False,
        max_length=40,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Buy or sell in the board's own words: 매수 or 매도."),
    )

    class Meta:
        model = WatchRow
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._renamed = False
        for name, (attribute, column) in MAPPED.items():
            if not column or not hasattr(WatchRow, attribute):
                self.fields.pop(name, None)
            elif self.instance.pk and name in self.fields:
                value = getattr(self.instance, attribute)
                self.fields[name].initial = is_on(value) if name == "running" else "" if value is None else str(value)
                # What changed is judged against what this page showed, not against what PHP wrote meanwhile.
                self.fields[name].show_hidden_initial = True

    def clean_symbol(self) -> str:
        typed = self.cleaned_data["symbol"].strip()
        if "symbol" not in self.changed_data:
            return typed
        symbol = clean_symbol(typed) or symbol_of_name(typed)
        if not Instrument.objects.filter(pk=symbol).exists() and Instrument.objects.exists():
            raise forms.ValidationError(_("%(symbol)s is not a listed instrument."), params={"symbol": symbol})
        self._refuse_what_does_not_fit("symbol", symbol)
        return symbol

    def clean_price(self) -> str:
        return self._clean_number("price")

    def clean_quantity(self) -> str:
        return self._clean_number("quantity")

    def clean_side(self) -> str:
        text = self.cleaned_data["side"].strip()
        if "side" in self.changed_data:
            self._refuse_what_does_not_fit("side", text)
        return text

    def _clean_number(self, name: str) -> str:
        """Digits only, as PHP needs them: with commas an int column would have stored 312 for "312,500"."""
        text = self.cleaned_data[name].strip()
        if not text or name not in self.changed_data:
            return text
        number = typed_number(text)
        if number is None:
            raise forms.ValidationError(_("Write a whole number above zero."))
        self._refuse_what_does_not_fit(name, str(number))
        return str(number)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        symbol, name = cleaned.get("symbol"), (cleaned.get("name") or "").strip()
        self._renamed = bool(symbol) and "name" in self.fields and self._is_still_named_after_the_old(name)
        if symbol and "name" in self.fields and (not name or self._renamed):
            known = Instrument.objects.filter(pk=symbol).values_list("name", flat=True).first()
            name = cleaned["name"] = known or name or symbol
        try:
            if name and "name" in self.fields:
                self._refuse_what_does_not_fit("name", name)
            run_values(gnuboard.column(BOARD.col_run))
        except forms.ValidationError as exc:
            self.add_error("name", exc)
        except GnuboardError as exc:
            raise forms.ValidationError(str(exc)) from exc
        return cleaned

    def _is_still_named_after_the_old(self, name: str) -> bool:
        """The code was replaced and the name is the master's for the code before: it would mislead."""
        if not self.instance.pk or "symbol" not in self.changed_data or "name" in self.changed_data:
            return False
        before = clean_symbol(self.instance.code_value)
        return Instrument.objects.filter(pk=before, name=name).exists()

    def _refuse_what_does_not_fit(self, name: str, text: str) -> None:
        try:
            refusal = gnuboard.column(MAPPED[name][1]).refusal(text)
        except GnuboardError as exc:
            refusal = str(exc)
        if refusal:
            raise forms.ValidationError(refusal)

    def changes(self) -> dict[str, Any]:
        """Model field -> value for what the person really changed, and a name that went along with the code."""
        changed = {name for name in self.changed_data if name in MAPPED}
        if self._renamed:
            changed.add("name")
        return {MAPPED[name][0]: self.board_value(name) for name in changed}

    def board_value(self, name: str) -> Any:
        """A cleaned value as its column stores it."""
        value = self.cleaned_data[name]
        column = gnuboard.column(MAPPED[name][1])
        if name == "running":
            return run_values(column)[0 if value else 1]
        if value == "" and column.data_type in gnuboard.NUMBER_TYPES:
            return None if column.nullable else 0
        return value

    def more(self) -> dict[str, Any]:
        """Column -> value of the further columns a new post carries."""
        return {
            MAPPED[name][1]: self.board_value(name)
            for name in ("price", "quantity", "side")
            if name in self.fields and self.cleaned_data[name]
        }
