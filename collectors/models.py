"""The tables of the collectors, each beside the code that fills it."""

from collectors.job_models import JobDay, JobItem
from collectors.overseas.models import OverseasBar, OverseasQuote
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
    "CreditBalance",
    "DailyBar",
    "Dividend",
    "InvestorFlow",
    "JobDay",
    "JobItem",
    "MarketFlow",
    "OverseasBar",
    "OverseasQuote",
    "Ranking",
    "ShortSale",
]
