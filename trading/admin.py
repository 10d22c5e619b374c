"""Registers the rooms of trading's admin; each is a file of its own."""

from django.contrib import admin

from trading.condition_admin import ConditionAdmin
from trading.models import Condition, Upkeep, UpkeepSetting
from trading.upkeep_admin import UpkeepAdmin, UpkeepSettingAdmin

admin.site.register(Condition, ConditionAdmin)
admin.site.register(Upkeep, UpkeepAdmin)
admin.site.register(UpkeepSetting, UpkeepSettingAdmin)
