"""Registers the rooms of trading's admin; each is a file of its own."""

from django.contrib import admin

from trading.condition_admin import ConditionAdmin
from trading.ledger_admin import DeskChangeAdmin, OrderAdmin, RefusalAdmin
from trading.models import Condition, DeskChange, Order, Refusal, Upkeep, UpkeepSetting
from trading.upkeep_admin import UpkeepAdmin, UpkeepSettingAdmin

admin.site.register(Condition, ConditionAdmin)
admin.site.register(Order, OrderAdmin)
admin.site.register(Refusal, RefusalAdmin)
admin.site.register(DeskChange, DeskChangeAdmin)
admin.site.register(Upkeep, UpkeepAdmin)
admin.site.register(UpkeepSetting, UpkeepSettingAdmin)
