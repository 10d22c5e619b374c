"""The admin of the collectors, for reading only; each source keeps its pages beside its code."""

from collectors import raw_admin  # noqa: F401
from collectors.dart import admin as dart_admin  # noqa: F401
from collectors.datagokr import admin as datagokr_admin  # noqa: F401
