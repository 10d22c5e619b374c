"""Tables of the calendar: what each source says of a day, and the hours of the market as dated rows."""

from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Timetable(models.TextChoices):
    """Which hours a day has."""

    REGULAR = "regular", _("regular hours")
    LATE = "late", _("late opening")
    CSAT = "csat", _("CSAT day")


class Venue(models.TextChoices):
    KRX = "KRX", "KRX"
    NXT = "NXT", "NXT"


class Source(models.TextChoices):
    """Whose word a day goes by, the weightiest first."""

    PERSON = "person", _("override")
    BROKER = "broker", _("KIS")
    LIST = "list", _("KRX list")
    COMPUTED = "computed", _("by law")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the sources together say of a day. ``disputed`` where they contradict each other."""

    is_open: bool | None
    confirmed: bool
    source: str
    disputed: bool


class MarketDay(models.Model):
    """One date. Every source has columns of its own, so that none can overwrite another."""

    day = models.DateField(_("date"), primary_key=True, db_column="bass_dt")
    name = models.CharField(_("name of the day"), max_length=80, db_default="", blank=True)
    timetable = models.CharField(_("hours"), max_length=8, choices=Timetable.choices, db_default=Timetable.REGULAR)
    listed_open = models.BooleanField(_("open by KRX's list"), null=True)
    computed_open = models.BooleanField(_("open by law"), null=True)

    # chk-holiday (CTCA0903R), letter by letter: Y, N or nothing.
    open_flag = models.CharField(_("exchange open"), max_length=1, db_column="opnd_yn", db_default="", blank=True)
    business_flag = models.CharField(_("business day"), max_length=1, db_column="bzdy_yn", db_default="", blank=True)
    trading_flag = models.CharField(_("trading day"), max_length=1, db_column="tr_day_yn", db_default="", blank=True)
    settlement_flag = models.CharField(
        _("settlement day"), max_length=1, db_column="sttl_day_yn", db_default="", blank=True
    )
    answered_at = models.DateTimeField(_("confirmed by KIS at"), null=True)
    answered_by = models.CharField(_("confirmed by host"), max_length=80, db_default="", blank=True)

    override_open = models.BooleanField(_("open by a person's word"), null=True)
    override_timetable = models.CharField(
        _("hours by a person's word"), max_length=8, choices=Timetable.choices, db_default="", blank=True
    )
    override_reason = models.CharField(_("reason"), max_length=200, db_default="", blank=True)
    overridden_by = models.CharField(_("person"), max_length=150, db_default="", blank=True)
    overridden_at = models.DateTimeField(_("overridden at"), null=True)

    # How often KIS was asked on this day, so that the pace outlives the process.
    asks = models.PositiveSmallIntegerField(_("times asked"), db_default=0)
    asked_at = models.DateTimeField(_("asked at"), null=True)

    class Meta:
        db_table = "market_marketday"
        verbose_name = _("trading day")
        verbose_name_plural = _("trading days")
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"

    @property
    def hours(self) -> str:
        return self.override_timetable or self.timetable

    def broker_open(self, broker: str) -> bool | None:
        """What chk-holiday said, if this broker (host:port) said it: a simulator's word counts for no other."""
        if self.answered_at is None or self.answered_by != broker:
            return None
        return {"Y": True, "N": False}.get(self.open_flag)

    def verdict(self, broker: str) -> Verdict:
        """A person's word before the broker's, the broker's before any list. ``broker`` is host:port.

        Confirmed is what the broker or a person said. Where those two contradict each other it is not, whoever
        is right; a person's word settles a contradiction of the others.
        """
        told = self.broker_open(broker)
        words = {
            Source.PERSON: self.override_open,
            Source.BROKER: told,
            Source.LIST: self.listed_open,
            Source.COMPUTED: self.computed_open,
        }
        source = next((source for source, word in words.items() if word is not None), None)
        if source is None:
            return Verdict(None, False, "", False)
        weighed = [self.override_open, told] if source == Source.PERSON else list(words.values())
        disputed = len({word for word in weighed if word is not None}) > 1
        contradicted = source == Source.PERSON and disputed
        confirmed = source in (Source.PERSON, Source.BROKER) and not contradicted
        return Verdict(words[source], confirmed, source.value, disputed)


class SessionWindowQuerySet(models.QuerySet["SessionWindow"]):
    def of(self, on: date, timetable: str) -> "SessionWindowQuerySet":
        """The windows of a day with these hours."""
        begun = self.filter(timetable=timetable, effective_from__lte=on)
        return begun.filter(Q(effective_to=None) | Q(effective_to__gte=on)).order_by("hours_from", "hours_to")


class SessionWindow(models.Model):
    """From ``hours_from`` up to ``hours_to`` (KST) a venue takes orders of these divisions."""

    class Code(models.TextChoices):
        PRE_MARKET = "pre_market", _("pre-market")
        PRE_CLOSE_PRICE = "pre_close_price", _("closing price before hours")
        OPEN_CALL = "open_call", _("opening auction")
        REGULAR = "regular", _("regular session")
        MAIN = "main", _("main market")
        CLOSE_CALL = "close_call", _("closing auction")
        POST_CLOSE_PRICE = "post_close_price", _("closing price after hours")
        AFTER_SINGLE = "after_single", _("single price after hours")
        AFTER_MARKET = "after_market", _("after-market")

    timetable = models.CharField(_("hours"), max_length=8, choices=Timetable.choices, db_default=Timetable.REGULAR)
    venue = models.CharField(_("venue"), max_length=4, choices=Venue.choices, db_default=Venue.KRX)
    code = models.CharField(_("market session"), max_length=20, choices=Code.choices)
    hours_from = models.TimeField(_("from"))
    hours_to = models.TimeField(_("to"))
    divisions = models.CharField(
        _("order divisions"), max_length=80, help_text=_("ORD_DVSN, two characters each, with blanks between them")
    )
    effective_from = models.DateField(_("in force from"))
    effective_to = models.DateField(_("in force until"), null=True, blank=True, help_text=_("this day included"))
    note = models.CharField(_("note"), max_length=200, db_default="", blank=True)

    objects = SessionWindowQuerySet.as_manager()

    class Meta:
        db_table = "market_sessionwindow"
        verbose_name = _("session window")
        verbose_name_plural = _("session windows")
        ordering = ["timetable", "venue", "hours_from", "effective_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["timetable", "venue", "code", "effective_from"], name="market_sessionwindow_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.venue} {self.get_code_display()} {self.hours_from:%H:%M}-{self.hours_to:%H:%M}"

    def is_of(self, on: date, timetable: str) -> bool:
        """Whether it is one of the windows of a day with these hours, as `SessionWindowQuerySet.of` has them."""
        begun = self.timetable == timetable and self.effective_from <= on
        return begun and (self.effective_to is None or self.effective_to >= on)

    def clean(self) -> None:
        """A window that ends before it begins, or twice the same at a time, would let orders out at wrong hours."""
        codes = self.divisions.split()
        if any(len(code) != 2 or not (code.isascii() and code.isdigit()) for code in codes):
            raise ValidationError({"divisions": _("Order divisions are two digits each, such as 00 01.")})
        self.divisions = " ".join(codes)
        if self.hours_from and self.hours_to and self.hours_from >= self.hours_to:
            raise ValidationError({"hours_to": _("It must end after it begins, on the same day.")})
        if self.effective_to and self.effective_from and self.effective_to < self.effective_from:
            raise ValidationError({"effective_to": _("It must not end before it is in force.")})
        if self.effective_from and self._twins().exists():
            raise ValidationError(_("Another window of this session is in force then: end that one first."))

    def _twins(self) -> SessionWindowQuerySet:
        same = SessionWindow.objects.filter(timetable=self.timetable, venue=self.venue, code=self.code)
        later = same.filter(Q(effective_to=None) | Q(effective_to__gte=self.effective_from)).exclude(pk=self.pk)
        return later.filter(effective_from__lte=self.effective_to) if self.effective_to else later
