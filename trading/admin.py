"""The admin of trading."""

from django.contrib import admin

from trading.models import Upkeep, UpkeepSetting
from trading.upkeep_admin import UpkeepAdmin, UpkeepSettingAdmin

admin.site.register(Upkeep, UpkeepAdmin)
admin.site.register(UpkeepSetting, UpkeepSettingAdmin)
