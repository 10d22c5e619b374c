"""The tables of the collectors; each source keeps its own beside its code."""

from collectors.dart.models import Corp, Filing, FilingText, KeyAccount, StatementLine
from collectors.datagokr.models import DailyPrice, ListedIssue
from collectors.rawbody import RawBody

__all__ = ["Corp", "DailyPrice", "Filing", "FilingText", "KeyAccount", "ListedIssue", "RawBody", "StatementLine"]
