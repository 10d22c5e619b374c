"""The admin of the collectors; each table's page stands beside it."""

from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success

from collectors import job_admin, raw_admin
from collectors.dart import admin as dart_admin
from collectors.datagokr import admin as datagokr_admin
from collectors.overseas import admin as overseas_admin
from collectors.reference import admin as reference_admin

# The queue's own pages show pickled tasks, which mean nothing to a trader; what was done stands in the job items.
for model in (Failure, OrmQ, Schedule, Success):
    admin.site.unregister(model)

__all__ = ["dart_admin", "datagokr_admin", "job_admin", "overseas_admin", "raw_admin", "reference_admin"]
