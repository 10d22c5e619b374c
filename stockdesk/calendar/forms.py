"""What a person says of trading days and of the hours of the sessions."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from stockdesk.calendar.confirm import override
from stockdesk.calendar.models import MarketDay, SessionWindow, Timetable


class Word(models.TextChoices):
    PLANNED = "planned", _("confirm as it stands")
    OPEN = "open", _("the market is open")
    CLOSED = "closed", _("the market is closed")
    NONE = "none", _("take a former override back")


class OverrideForm(forms.Form):
    """A person's word about one day or several; it never comes without its reason."""

    word = forms.ChoiceField(
        label=_("override"),
        choices=Word.choices,
        initial=Word.PLANNED,
        widget=UnfoldAdminRadioSelectWidget,
        help_text=_("Your word goes before every source, for these days alone."),
    )
    timetable = forms.ChoiceField(
        label=_("hours"),
        choices=[("", _("as planned")), *Timetable.choices],
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=_("For a day with other hours than planned."),
    )
    reason = forms.CharField(
        label=_("reason"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Why, and where it was announced. It is kept with your name."),
    )

    def __init__(self, *args: Any, days: Sequence[MarketDay], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.days = days

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        word, timetable = cleaned.get("word"), cleaned.get("timetable")
        if word in (Word.CLOSED, Word.NONE) and timetable:
            self.add_error("timetable", _("Only an open day has hours."))
        if word == Word.PLANNED:
            verdicts = {str(day): day.verdict(settings.DESK.broker).is_open for day in self.days}
            if unknown := [day for day, is_open in verdicts.items() if is_open is None]:
                text = _("Nothing is known about %(days)s yet: say whether the market is open.")
                self.add_error("word", forms.ValidationError(text, params={"days": ", ".join(unknown)}))
            elif timetable and not all(verdicts.values()):
                self.add_error("timetable", _("Only an open day has hours."))
        return cleaned

    def save(self, person: str) -> None:
        """Write the word to every day."""
        word = self.cleaned_data["word"]
        for day in self.days:
            planned = day.verdict(settings.DESK.broker).is_open
            is_open = {Word.PLANNED: planned, Word.OPEN: True, Word.CLOSED: False, Word.NONE: None}[Word(word)]
            # Confirmed as it stands, an earlier word about the hours stands too.
            kept = day.override_timetable if word == Word.PLANNED else ""
            override(
                [day.day],
                is_open=is_open,
                timetable=self.cleaned_data["timetable"] or kept,
                reason=self.cleaned_data["reason"],
                person=person,
                at=timezone.now(),
            )

    @property
    def log_text(self) -> str:
        """One line for the history of a day."""
        said = [Word(self.cleaned_data["word"]).name.lower(), self.cleaned_data["timetable"]]
        return f"{' '.join(part for part in said if part)}: {self.cleaned_data['reason']}"


class SessionWindowForm(forms.ModelForm):
    class Meta:
        model = SessionWindow
        fields = (
            "timetable", "venue", "code", "hours_from", "hours_to", "divisions", "effective_from", "effective_to",
            "note",
        )  # fmt: skip
        help_texts = {
            "timetable": _("Days on which it holds: ordinary ones, days that open late, or the day of the CSAT."),
            "venue": _("The exchange: KRX or NXT."),
            "code": _("The part of the trading day, such as the regular session or the closing auction."),
            "hours_from": _("The first moment at which it takes orders, KST, such as 09:00."),
            "hours_to": _("From this moment on it takes none, KST, such as 15:20."),
            "divisions": _(
                "Kinds of order it takes, as KIS numbers them (ORD_DVSN): two digits each, with blanks between them. "
                "00 is a limit, 01 a market order."
            ),
            "effective_from": _("First day of these hours. New hours are a new row from their first day on."),
            "effective_to": _("Last day of these hours, this day included. Empty: until further notice."),
            "note": _("Where the hours were announced; for yourself."),
        }
