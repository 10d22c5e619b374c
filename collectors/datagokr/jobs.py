"""The jobs of data.go.kr: a day comes out on the exchange's next day, a little after 13:00."""

from django.utils.translation import gettext_lazy as _

from collectors.datagokr import listed, prices
from collectors.datagokr.answers import SOURCE
from collectors.due import Newest, next_business_day
from collectors.jobs import Job, register

PUBLISHED = Newest(next_business_day(13, 10))
ONCE_A_WEEK = Newest(next_business_day(13, 20, once_a_week=True))

register(Job("open-prices", _("Daily prices (data.go.kr)"), prices.items, prices.fetch, PUBLISHED, SOURCE))
register(Job("open-listed", _("Listed issues (data.go.kr)"), listed.items, listed.fetch, ONCE_A_WEEK, SOURCE))
