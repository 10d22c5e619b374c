"""The tables of the collectors, each beside the code that fills it."""

from collectors.dart.models import Corp, Filing, FilingText, KeyAccount, StatementLine
from collectors.datagokr.models import DailyPrice, ListedIssue
from collectors.job_models import JobDay, JobItem
from collectors.overseas.models import OverseasBar, OverseasQuote
from collectors.rawbody import RawBody
from collectors.reference.models import (
    CreditBalance,
    DailyBar,
    Dividend,
    InvestorFlow,
    MarketFlow,
    Ranking,
    ShortSale,
)

__all__ = [
    "Corp",
    "CreditBalance",
    "DailyBar",
    "DailyPrice",
    "Dividend",
    "Filing",
    "FilingText",
    "InvestorFlow",
    "JobDay",
    "JobItem",
    "KeyAccount",
    "ListedIssue",
    "MarketFlow",
    "OverseasBar",
    "OverseasQuote",
    "Ranking",
    "RawBody",
    "ShortSale",
    "StatementLine",
]
