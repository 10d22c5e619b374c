"""The admin of trading."""

from django.contrib import admin

from trading.condition_admin import ConditionAdmin
from trading.models import Condition

admin.site.register(Condition, ConditionAdmin)
