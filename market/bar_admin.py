"""How long bars are kept, to change: one row for each interval, made with the tables."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Min
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from market.bar_models import BarRule, MarketBar

#: Longer bars are rolled from the minutes of their own day, so a day of minutes has to be there.
LEAST_DAYS, MOST_DAYS = 2, 3700


class BarRuleForm(forms.ModelForm):
    keep_days = forms.IntegerField(
        label=_("Kept for, in days"),
        min_value=LEAST_DAYS,
        max_value=MOST_DAYS,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_(
            "2 to 3,700 days. Fewer days than before delete what is older within a minute, for good; more days "
            "fill up as time passes."
        ),
    )

    class Meta:
        model = BarRule
        fields = ("keep_days",)


@admin.register(BarRule)
class BarRuleAdmin(ModelAdmin):
    form = BarRuleForm
    list_display = ("span", "days", "since")
    list_display_links = ("span",)
    ordering = ("interval",)
    fields = ("keep_days",)

    @display(description=_("interval"), ordering="interval")
    def span(self, rule: BarRule) -> str:
        return str(rule.get_interval_display())

    @display(description=_("kept for"), ordering="keep_days")
    def days(self, rule: BarRule) -> str:
        return str(_("%s days")) % f"{rule.keep_days:,}"

    @display(description=_("oldest bar"))
    def since(self, rule: BarRule) -> str:
        # An index of interval and time gives it without reading the bars.
        oldest = MarketBar.objects.filter(interval=rule.interval).aggregate(at=Min("starts_at"))["at"]
        return str(_("no bars yet")) if oldest is None else f"{timezone.localtime(oldest):%Y-%m-%d %H:%M}"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
