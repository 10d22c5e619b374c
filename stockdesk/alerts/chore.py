"""Where alerts run: beside the timetable, in the one manager that holds the lease."""

from functools import cache

from stockdesk.alerts.alerting import Alerts
from stockdesk.manager.chores import chore


@cache
def alerts() -> Alerts:
    """Made with the first step, when the settings and the tables are there."""
    return Alerts()


@chore("alerts", every=2.0)
def step() -> None:
    alerts().step()
