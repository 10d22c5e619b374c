"""What the market is doing now, and which instruments the desk watches."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from market.bar_models import SYMBOL_LENGTH, BarGap, BarRule, BarState, ClosedBar, MarketBar

__all__ = [
    "SYMBOL_LENGTH", "BarGap", "BarRule", "BarState", "ClosedBar", "ExecutionNotice", "Favourite", "FeedSession",
    "Instrument", "MarketBar", "Quote", "WatchRow",
]  # fmt: skip

NAME_LENGTH = 40


class QuoteQuerySet(models.QuerySet["Quote"]):
    """Reads that mean something; quotes are found by a list of symbols, never by a join with the board."""

    def fresh(self, since: datetime) -> "QuoteQuerySet":
        """Quotes that arrived at ``since`` or later; one that never arrived is not fresh."""
        return self.filter(received_at__gte=since)

    def of(self, symbols: Iterable[str]) -> dict[str, "Quote"]:
        """The quotes of these symbols, by symbol; one query, a symbol without a row is left out."""
        wanted = {symbol for symbol in symbols if symbol}
        return {quote.symbol: quote for quote in self.filter(symbol__in=wanted)} if wanted else {}


class Quote(models.Model):
    """The latest known state of one instrument; one row per symbol, overwritten in place.

    PHP pages read this table, hence KIS's column names. "Never seen" is NULL, never 0: rows are made empty when a
    symbol joins the watch list or is listed, and filled by ticks (H0STCNT0) and multi-price reads (FHKST11300006).
    """

    # Binary, whatever the database's default: the once-a-second write finds its rows by this index.
    symbol = models.CharField(
        _("symbol"),
        primary_key=True,
        max_length=SYMBOL_LENGTH,
        db_column="stck_shrn_iscd",
        db_collation="utf8mb4_bin",
    )
    name = models.CharField(_("name"), max_length=NAME_LENGTH, null=True, blank=True, db_column="hts_kor_isnm")
    last_price = models.PositiveIntegerField(_("last price"), null=True, db_column="stck_prpr", help_text="KRW")
    change = models.IntegerField(_("change"), null=True, db_column="prdy_vrss", help_text="KRW, against base price")
    sign = models.CharField(
        _("sign"),
        max_length=1,
        null=True,
        db_column="prdy_vrss_sign",
        help_text="1 limit up 2 up 3 flat 4 limit down 5 down",
    )
    change_rate = models.DecimalField(
        _("change rate"), max_digits=8, decimal_places=2, null=True, db_column="prdy_ctrt"
    )
    open_price = models.PositiveIntegerField(_("open"), null=True, db_column="stck_oprc")
    high_price = models.PositiveIntegerField(_("high"), null=True, db_column="stck_hgpr")
    low_price = models.PositiveIntegerField(_("low"), null=True, db_column="stck_lwpr")
    ask_price = models.PositiveIntegerField(_("best ask"), null=True, db_column="askp1")
    bid_price = models.PositiveIntegerField(_("best bid"), null=True, db_column="bidp1")
    tick_volume = models.PositiveBigIntegerField(_("tick volume"), null=True, db_column="cntg_vol", help_text="shares")
    day_volume = models.PositiveBigIntegerField(_("volume"), null=True, db_column="acml_vol", help_text="shares")
    day_amount = models.PositiveBigIntegerField(_("amount"), null=True, db_column="acml_tr_pbmn", help_text="KRW")
    strength = models.DecimalField(_("strength"), max_digits=10, decimal_places=2, null=True, db_column="cttr")
    base_price = models.PositiveIntegerField(_("base price"), null=True, db_column="stck_sdpr", help_text="KRW")
    halted = models.CharField(_("halted"), max_length=1, null=True, db_column="trht_yn", help_text="Y or N")
    market_phase = models.CharField(_("market phase"), max_length=1, null=True, db_column="market_cls_code")
    business_date = models.DateField(_("business date"), null=True, db_column="bsop_date")
    traded_at = models.DateTimeField(_("traded at"), null=True)
    received_at = models.DateTimeField(_("received at"), null=True)
    source = models.CharField(_("source"), max_length=8, default="", db_default="", help_text="ws or rest")
    session = models.PositiveSmallIntegerField(_("session"), null=True)

    # The bar in the making and the last closed one (minute), of every tick and not of samples.
    bar_at = models.DateTimeField(_("bar starts at"), null=True)
    bar_open = models.PositiveIntegerField(null=True)
    bar_high = models.PositiveIntegerField(null=True)
    bar_low = models.PositiveIntegerField(null=True)
    bar_close = models.PositiveIntegerField(null=True)
    bar_volume = models.PositiveBigIntegerField(null=True)
    closed_bar_at = models.DateTimeField(_("closed bar starts at"), null=True)
    closed_bar_open = models.PositiveIntegerField(null=True)
    closed_bar_high = models.PositiveIntegerField(null=True)
    closed_bar_low = models.PositiveIntegerField(null=True)
    closed_bar_close = models.PositiveIntegerField(null=True)
    closed_bar_volume = models.PositiveBigIntegerField(null=True)

    updated_at = models.DateTimeField(_("updated at"), null=True, help_text="last write of this row")

    objects = QuoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        ordering = ["symbol"]

    def __str__(self) -> str:
        return f"{self.name or self.symbol} ({self.symbol})"


class InstrumentQuerySet(models.QuerySet["Instrument"]):
    def listed(self) -> "InstrumentQuerySet":
        """Issues that the latest master still lists."""
        return self.filter(delisted_at__isnull=True)


class Instrument(models.Model):
    """An issue that is or was listed: the master against which codes are checked and from which names come.

    Shares, REITs, funds, ETFs and ETNs of KRX; ELWs, warrants and rights are left out. An issue that leaves the
    exchange stays here with the time of the first list without it, and counts as halted.
    """

    class Market(models.TextChoices):
        KOSPI = "KOSPI", _("KOSPI")
        KOSDAQ = "KOSDAQ", _("KOSDAQ")
        KONEX = "KONEX", _("KONEX")

    class Kind(models.TextChoices):
        """What the steps of order prices go by: REITs, ship and infrastructure funds, DRs count as stocks."""

        STOCK = "stock", _("stock")
        ETF = "etf", _("ETF")
        ETN = "etn", _("ETN")
        OTHER = "other", pgettext_lazy("instrument", "other")

    class Alert(models.IntegerChoices):
        """시장경고"""

        NONE = 0, ""
        CAUTION = 1, _("investment caution")
        WARNING = 2, _("investment warning")
        RISK = 3, _("investment risk")

    symbol = models.CharField(_("symbol"), primary_key=True, max_length=SYMBOL_LENGTH, db_collation="utf8mb4_bin")
    isin = models.CharField(_("standard code"), max_length=12, default="", db_default="", blank=True)
    name = models.CharField(_("name"), max_length=NAME_LENGTH)
    market = models.CharField(_("market"), max_length=8, choices=Market.choices)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.STOCK, db_default=Kind.STOCK)
    group = models.CharField(
        _("security group"),
        max_length=2,
        default="",
        db_default="",
        blank=True,
        db_column="scrt_grp_cls_code",
        help_text="ST 주권, RT 부동산투자회사, MF 증권투자회사, EF ETF, EN ETN ...",
    )
    base_price = models.PositiveIntegerField(_("base price"), null=True, blank=True, help_text="KRW")
    halted = models.BooleanField(_("trading halted"), default=False, db_default=False)
    liquidating = models.BooleanField(
        _("liquidation trading"), default=False, db_default=False, help_text=_("no price limits")
    )
    administrative = models.BooleanField(
        _("administrative issue"), default=False, db_default=False, help_text="관리종목"
    )
    alert_level = models.PositiveSmallIntegerField(
        _("market alert"), choices=Alert.choices, default=Alert.NONE, db_default=Alert.NONE
    )
    alerted = models.BooleanField(_("investment alert"), default=False, db_default=False, help_text="투자경고·위험")
    overheated = models.BooleanField(
        _("short-term overheating"), default=False, db_default=False, help_text=_("call auctions only")
    )
    listed_on = models.DateField(_("listed on"), null=True, blank=True)
    delisted_at = models.DateTimeField(_("delisted"), null=True, blank=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True, db_default=Now())

    objects = InstrumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("instrument")
        verbose_name_plural = _("instruments")
        ordering = ["symbol"]

    def __str__(self) -> str:
        return f"{self.name} ({self.symbol})"


class Favourite(models.Model):
    """A star that one person gave an instrument; the desk itself does not look at it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="favourites", verbose_name=_("user")
    )
    symbol = models.CharField(_("symbol"), max_length=SYMBOL_LENGTH, db_collation="utf8mb4_bin")
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("favourite")
        verbose_name_plural = _("favourites")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["user", "symbol"], name="market_favourite_once")]

    def __str__(self) -> str:
        return self.symbol


class FeedSession(models.Model):
    """One WebSocket session of run_ws_market as it stands now; the daemon writes it once a second."""

    class State(models.TextChoices):
        CONNECTING = "connecting", _("connecting")
        LIVE = "live", _("live")
        SILENT = "silent", _("silent")
        PARKED = "parked", _("parked")
        CLOSED = "closed", _("closed")
        WAITING = "waiting", _("waiting")

    number = models.PositiveSmallIntegerField(_("number"), primary_key=True)
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.CLOSED, db_default=State.CLOSED
    )
    key_id = models.CharField(
        _("key"), max_length=12, default="", db_default="", help_text="first digits of the app key's hash"
    )
    wanted = models.PositiveSmallIntegerField(_("registrations wanted"), default=0, db_default=0)
    confirmed = models.PositiveSmallIntegerField(_("registrations confirmed"), default=0, db_default=0)
    last_frame_at = models.DateTimeField(_("last frame"), null=True)
    connected_at = models.DateTimeField(_("connected at"), null=True)
    connects_today = models.PositiveIntegerField(_("connects today"), default=0, db_default=0)
    next_connect_at = models.DateTimeField(_("next connect"), null=True)
    note = models.CharField(_("note"), max_length=200, default="", db_default="")
    symbols = models.TextField(_("symbols"), default="", db_default="", help_text=_("confirmed by the broker"))
    updated_at = models.DateTimeField(_("updated at"), null=True)

    class Meta:
        verbose_name = _("WebSocket session")
        verbose_name_plural = _("WebSocket sessions")
        ordering = ["number"]

    def __str__(self) -> str:
        return f"#{self.number} {self.get_state_display()}"


class ExecutionNotice(models.Model):
    """One 체결통보 (H0STCNI0, H0STCNI9) as it came: append only, a hint until the order inquiry confirms it.

    KIS gives a fill no id. ``digest`` is made of the raw text, the session, the second of arrival and the place among
    equals (`market.notices`), so that storing one notice twice is harmless while two equal fills remain two.
    """

    digest = models.CharField(_("digest"), max_length=64, unique=True, help_text="SHA-256, hexadecimal")
    received_at = models.DateTimeField(_("received at"), db_index=True)
    session = models.PositiveSmallIntegerField(_("session"), null=True)
    tr_id = models.CharField(_("TR id"), max_length=8, default="", db_default="")
    own = models.BooleanField(
        _("own"), default=False, db_default=False, help_text=_("it carries the desk's own HTS id (CUST_ID)")
    )
    # The account is kept so that a notice can be matched with its account; no page shows it.
    account = models.CharField(max_length=10, default="", db_default="", db_column="acnt_no")
    order_no = models.CharField(_("order no."), max_length=10, default="", db_default="", db_column="oder_no")
    original_order_no = models.CharField(
        _("original order no."), max_length=10, default="", db_default="", db_column="ooder_no"
    )
    side = models.CharField(
        _("side"), max_length=2, default="", db_default="", db_column="seln_byov_cls", help_text="01 sell 02 buy"
    )
    correction = models.CharField(
        _("correction"),
        max_length=1,
        default="",
        db_default="",
        db_column="rctf_cls",
        help_text="0 none 1 amended 2 cancelled",
    )
    order_kind = models.CharField(_("order kind"), max_length=2, default="", db_default="", db_column="oder_kind")
    order_condition = models.CharField(
        _("order condition"),
        max_length=1,
        default="",
        db_default="",
        db_column="oder_cond",
        help_text="0 none 1 IOC 2 FOK",
    )
    symbol = models.CharField(
        _("symbol"), max_length=SYMBOL_LENGTH, default="", db_default="", db_column="stck_shrn_iscd", db_index=True
    )
    name = models.CharField(_("name"), max_length=NAME_LENGTH, default="", db_default="", db_column="cntg_isnm40")
    quantity = models.PositiveBigIntegerField(_("quantity"), null=True, db_column="cntg_qty", help_text="shares")
    price = models.PositiveIntegerField(_("price"), null=True, db_column="cntg_unpr", help_text="KRW")
    order_quantity = models.PositiveBigIntegerField(_("order quantity"), null=True, db_column="oder_qty")
    order_price = models.PositiveIntegerField(_("order price"), null=True, db_column="oder_prc", help_text="KRW")
    traded_at = models.DateTimeField(_("traded at"), null=True)
    refused = models.BooleanField(_("refused"), default=False, db_default=False)
    filled = models.BooleanField(_("fill"), default=False, db_default=False)
    acceptance = models.CharField(
        _("acceptance"),
        max_length=1,
        default="",
        db_default="",
        db_column="acpt_yn",
        help_text="1 accepted 2 confirmed 3 cancelled",
    )
    branch_no = models.CharField(_("branch no."), max_length=5, default="", db_default="", db_column="brnc_no")
    exchange = models.CharField(_("exchange"), max_length=2, default="", db_default="", db_column="ord_exg_gb")
    credit_class = models.CharField(_("credit class"), max_length=2, default="", db_default="", db_column="crdt_cls")
    credit_loan_on = models.DateField(_("credit loan date"), null=True, db_column="crdt_loan_date")

    class Meta:
        verbose_name = _("execution notice")
        verbose_name_plural = _("execution notices")
        ordering = ["-received_at", "-id"]

    def __str__(self) -> str:
        return f"{self.order_no} {self.symbol}"


class RawField(models.Field):
    """A column whose type the site's owner chose: values pass through both ways as the driver gives them."""

    def get_internal_type(self) -> str:
        return "CharField"

    def get_prep_value(self, value: Any) -> Any:
        return value


BOARD = settings.DESK.gnuboard


class WatchRowQuerySet(models.QuerySet["WatchRow"]):
    def posts(self) -> "WatchRowQuerySet":
        """Posts of the board: comments share the table, and answers are discussion unless settings say else."""
        posts = self.filter(wr_is_comment=0)
        return posts if BOARD.include_replies else posts.filter(wr_reply="")


class WatchRowManager(models.Manager.from_queryset(WatchRowQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> WatchRowQuerySet:
        return super().get_queryset().posts()


class WatchRow(models.Model):
    """A row of the watch list; the table belongs to Gnuboard 5, whose PHP pages keep writing it.

    Only the columns the desk uses are declared, named by the settings: a declared column that the site lacks
    would break every query. Rows are added, switched and edited by `market.gnuboard_post` alone, which writes the
    columns that changed and never a whole row: PHP counts hits and comments meanwhile.
    """

    wr_id = models.AutoField(_("row"), primary_key=True)
    wr_reply = models.CharField(max_length=10, default="", editable=False)
    wr_is_comment = models.SmallIntegerField(default=0, editable=False)
    # Zero dates arrive as None although the column is NOT NULL; the None is never written back.
    wr_datetime = models.DateTimeField(_("created at"), null=True, editable=False)
    run_value = RawField(_("run flag"), null=True, db_column=BOARD.col_run or "x2_run")
    code_value = RawField(_("symbol"), null=True, db_column=BOARD.col_code or "wr_1")
    if BOARD.col_name:
        name_value = RawField(_("name"), null=True, db_column=BOARD.col_name)
    if BOARD.col_price:
        price_value = RawField(_("strike price"), null=True, db_column=BOARD.col_price)
    if BOARD.col_qty:
        quantity_value = RawField(_("quantity"), null=True, db_column=BOARD.col_qty)
    if BOARD.col_side:
        side_value = RawField(_("side"), null=True, db_column=BOARD.col_side)

    objects = WatchRowManager()

    class Meta:
        managed = False
        db_table = BOARD.table
        ordering = ["wr_id"]
        verbose_name = _("watch list entry")
        verbose_name_plural = _("watch list")

    def __str__(self) -> str:
        return str(getattr(self, "name_value", None) or self.code_value or self.wr_id)
