"""What data.go.kr told, to read: the prices of past days and the listed issues."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from assets.admin import EMPTY, figure, gain, percent_gain
from collectors.models import DailyPrice, ListedIssue
from stockdesk.admin import ReadOnlyAdmin, day, moment


@admin.register(DailyPrice)
class DailyPriceAdmin(ReadOnlyAdmin):
    list_display = ("of", "short_code", "name", "closed", "result", "rate", "opened", "highest", "lowest", "traded",
                    "worth", "fetched")  # fmt: skip
    list_filter = ("market",)
    search_fields = ("symbol", "name")
    search_help_text = _("name or code")
    list_per_page = 50
    show_full_result_count = False
    date_hierarchy = "on"
    exclude = ("id",)
    of = day("on", _("day"))
    closed = figure("close_price", _("closing price"))
    result = gain("change", _("change"))
    rate = percent_gain("change_rate", _("change rate"))
    opened = figure("open_price", _("open"))
    highest = figure("high_price", _("high"))
    lowest = figure("low_price", _("low"))
    traded = figure("volume", _("volume"))
    fetched = moment("fetched_at", _("fetched at"))

    @display(description=_("symbol"))
    def short_code(self, price: DailyPrice) -> str:
        return price.symbol

    @display(description=_("market cap"), ordering="market_cap")
    def worth(self, price: DailyPrice) -> str:
        """In units of 100 million won (억), as it is read everywhere."""
        if price.market_cap is None:
            return EMPTY
        return _("%(amount)s ×100M") % {"amount": f"{price.market_cap // 10**8:,}"}


@admin.register(ListedIssue)
class ListedIssueAdmin(ReadOnlyAdmin):
    list_display = ("symbol", "name", "market", "isin", "corp_name", "corp_no", "of", "fetched")
    list_filter = ("market",)
    search_fields = ("symbol", "name", "isin", "corp_name")
    search_help_text = _("name, code or ISIN")
    of = day("on", _("day"))
    list_per_page = 50
    show_full_result_count = False
    fetched = moment("fetched_at", _("fetched at"))
