"""Every code that an event can have, for people: how bad it is, what it means, and what to do about it."""

from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop

INFO, WARNING, CRITICAL = "info", "warning", "critical"
RANK = {INFO: 0, WARNING: 1, CRITICAL: 2}
#: Levels of events whose code is not in the catalogue.
_OF_EVENTS = {"info": INFO, "warning": WARNING, "error": CRITICAL, "critical": CRITICAL}


@dataclass(frozen=True, slots=True)
class Entry:
    """One code. ``sentence`` and ``todo`` are English, marked for translation.

    ``patience``: seconds an event must stand before it is told, for what mends itself in between.
    ``by_hand``: a person did it, so it is told each time, and so is its end, at once.
    ``again``: told again every day while it stands.
    """

    level: str
    sentence: str
    todo: str
    patience: float = 0.0
    by_hand: bool = False
    again: bool = False


_LOGS = gettext_noop("See ./desk logs and the admin under Daemons; ./desk doctor names what is missing.")
_WAIT = gettext_noop("It mends itself as a rule. If it stays for ten minutes: ./desk doctor --online.")

CATALOGUE: dict[str, Entry] = {
    # orders
    "order-unknown": Entry(
        CRITICAL, gettext_noop("An order is unknown"),
        gettext_noop("It is looked up for two minutes. If it stays: look into the HTS, settle it on the dashboard."),
    ),
    "order-needs-human": Entry(
        CRITICAL, gettext_noop("An order needs a person"),
        gettext_noop("Compare it with the order list of the HTS and settle it on the dashboard."),
    ),
    "order-alarm": Entry(
        CRITICAL, gettext_noop("Look at an order"),
        gettext_noop("Compare the order on the dashboard with the HTS."),
    ),
    "order-failed": Entry(
        WARNING, gettext_noop("An order failed"),
        gettext_noop("The reason stands beside the order. If you still want it, order in the HTS."),
    ),
    "order-filled": Entry(INFO, gettext_noop("Order filled"), ""),
    "orders-halted": Entry(
        CRITICAL, gettext_noop("New orders are halted"),
        gettext_noop("Settle the unknown orders on the dashboard; new ones leave again by themselves then."),
    ),
    "condition-off": Entry(
        CRITICAL, gettext_noop("A condition was switched off"),
        gettext_noop("Its stop loss no longer works. Mend the reason in Strike conditions and switch it on again."),
    ),
    "look-ups-fail": Entry(
        CRITICAL, gettext_noop("The broker's order list cannot be read"),
        gettext_noop("Fills are not known meanwhile: look into the HTS. ./desk doctor --online tells if KIS answers."),
    ),
    "not-recovered": Entry(
        CRITICAL, gettext_noop("Trading has not begun"),
        gettext_noop("No condition fires until the day's orders are read: ./desk doctor --online."), 20.0,
    ),
    # what people or locks stop
    "killed": Entry(
        CRITICAL, gettext_noop("Kill switch on"),
        gettext_noop("No order leaves. Lift it on the desk's page, with a code, when the reason is gone."),
        by_hand=True,
    ),
    "desk-stopped": Entry(
        CRITICAL, gettext_noop("Orders are stopped"),
        gettext_noop("Set the stop state back to normal on the dashboard when the reason is gone."), by_hand=True,
    ),
    "lock-closed": Entry(
        WARNING, gettext_noop("A lock keeps orders back"),
        gettext_noop("The desk's page shows which lock is closed; live trading is armed by a code for twelve hours."),
        60.0,
    ),
    "clock-off": Entry(
        CRITICAL, gettext_noop("The clock is wrong"),
        gettext_noop("Set the machine's clock by NTP: timedatectl set-ntp true. Nothing is ordered until then."), 20.0,
    ),
    # prices and sessions
    "session-down": Entry(WARNING, gettext_noop("A session is down"), _WAIT, 30.0),
    "key-quarantined": Entry(
        WARNING, gettext_noop("App key must rest"),
        gettext_noop("End whatever else uses this app key; the session comes back by itself after the pause."),
    ),
    "registrations-refused": Entry(
        WARNING, gettext_noop("Registrations refused"),
        gettext_noop("See the code under WebSocket sessions; a wrong or delisted symbol is taken off the watch list."),
        30.0,
    ),
    "notices-unreadable": Entry(
        WARNING, gettext_noop("Execution notices cannot be read"),
        gettext_noop("Fills come by the order list meanwhile, some seconds later. Check KIS_HTS_ID."),
    ),
    "records-refused": Entry(
        WARNING, gettext_noop("Most records cannot be read"),
        gettext_noop("Check the machine's clock; if it is right, KIS changed its format: look for an update."), 10.0,
    ),
    "watch-list-full": Entry(
        WARNING, gettext_noop("More symbols than places"),
        gettext_noop("Take symbols off the watch list, or add an app key for one more session."), 10.0,
    ),
    "quotes-stale": Entry(
        CRITICAL, gettext_noop("Prices stand still"),
        gettext_noop("Nothing is ordered on old prices: ./desk doctor --online, and the sessions on the dashboard."),
    ),
    "board-unreadable": Entry(
        WARNING, gettext_noop("The board cannot be read"),
        gettext_noop("Its conditions stay as they were. Check Gnuboard's table: ./desk manage gnuboard_check."), 30.0,
    ),
    "round-slow": Entry(WARNING, gettext_noop("The whole market is read too slowly"), _WAIT, 60.0),
    "no-room": Entry(
        INFO, gettext_noop("The whole market is not read"),
        gettext_noop("Nothing to do: the watch list is served. More calls a second would be needed."),
    ),
    "no-instruments": Entry(
        WARNING, gettext_noop("No listed issues"), gettext_noop("Once: ./desk manage load_instruments."), 60.0,
    ),
    "master-refused": Entry(
        WARNING, gettext_noop("List of issues not taken"),
        gettext_noop("The old list goes on. If it stays until the next day: ./desk manage load_instruments."),
    ),
    "wrong-index": Entry(
        WARNING, gettext_noop("The broker answers for another index"),
        gettext_noop("The old value stays. If it lasts for days, look for an update."), 60.0,
    ),
    # account, keys, budget
    "assets-stale": Entry(
        CRITICAL, gettext_noop("Assets out of date"),
        gettext_noop("No order leaves on an old balance: ./desk doctor --online tells if KIS answers."), 10.0,
    ),
    "token-refused": Entry(
        CRITICAL, gettext_noop("No access token"),
        gettext_noop("Check the app key and its secret in .env and at apiportal.koreainvestment.com."), 10.0,
    ),
    "token-old": Entry(
        WARNING, gettext_noop("The access token is not renewed"),
        gettext_noop("The old one works for an hour at most. Check the app key at apiportal.koreainvestment.com."),
        900.0,
    ),
    "calls-refused": Entry(
        WARNING, gettext_noop("The broker refuses calls"),
        gettext_noop("The pace is lowered by itself. If it recurs, lower KIS_CALLS_PER_SECOND."), 30.0,
    ),
    "key-expires": Entry(
        WARNING, gettext_noop("A key expires soon"),
        gettext_noop("Renew it where it was issued, put key and new date into .env, then ./desk down and ./desk up."),
        again=True,
    ),
    "key-expired": Entry(
        CRITICAL, gettext_noop("A key has expired"),
        gettext_noop("Renew it where it was issued, put key and new date into .env, then ./desk down and ./desk up."),
        again=True,
    ),
    "key-refused": Entry(
        WARNING, gettext_noop("A source refuses its key"),
        gettext_noop("Check the key in .env, then fetch again under Batch jobs in the admin."),
    ),
    "upkeep": Entry(
        WARNING, gettext_noop("Account upkeep"),
        gettext_noop("Decide under Account upkeep in the admin."),
    ),
    # trading days
    "day-disputed": Entry(
        WARNING, gettext_noop("Trading day in doubt"),
        gettext_noop("Open Trading days in the admin and override the day, with the reason."),
    ),
    "days-run-out": Entry(
        WARNING, gettext_noop("Trading days run out"),
        gettext_noop("Open Trading days in the admin and confirm the coming days."),
    ),
    "day-unconfirmed": Entry(
        CRITICAL, gettext_noop("Trading day not confirmed"),
        gettext_noop("No order leaves today: confirm the day under Trading days in the admin."),
    ),
    "calendar-unanswered": Entry(
        WARNING, gettext_noop("No calendar from KIS"),
        gettext_noop("It is asked for again. If today stays unconfirmed, confirm it under Trading days."), 600.0,
    ),
    # batch jobs
    "worker-idle": Entry(
        WARNING, gettext_noop("Nobody works on the batch jobs"),
        gettext_noop("./desk status: the program worker should run; ./desk logs worker says why not."), 60.0,
    ),
    "job-unopened": Entry(
        WARNING, gettext_noop("A batch job cannot begin"),
        gettext_noop("It is tried again. If it stays: see Batch jobs in the admin."), 600.0,
    ),
    # the programs themselves
    "program-down": Entry(CRITICAL, gettext_noop("A program does not run"), _LOGS),
    "program-hung": Entry(CRITICAL, gettext_noop("A program hangs"), _LOGS),
    "supervisord-silent": Entry(CRITICAL, gettext_noop("Programs cannot be started or stopped"), _LOGS, 20.0),
    "chore-failed": Entry(WARNING, gettext_noop("A part of the manager's work fails"), _LOGS, 60.0),
    "failed": Entry(CRITICAL, gettext_noop("A program ended on an error"), _LOGS, 20.0),
    "step-failed": Entry(WARNING, gettext_noop("A round of work failed"), _WAIT, 60.0),
    "step-late": Entry(WARNING, gettext_noop("A round of work hangs"), _LOGS, 30.0),
    # the machine and these alerts
    "backup-failed": Entry(
        CRITICAL, gettext_noop("The backup failed"),
        gettext_noop("./desk manage backup says why: no room, no rights or no database."),
    ),
    "disk-low": Entry(
        CRITICAL, gettext_noop("The disk is nearly full"),
        gettext_noop("Make room: old logs and backups, docker, the journal. A full disk stops the database."),
    ),
    "recording-stopped": Entry(
        WARNING, gettext_noop("Ticks are not recorded"),
        gettext_noop("Make room on the disk of RECORD_DIRECTORY; it goes on by itself."), 60.0,
    ),
    "backup-old": Entry(
        WARNING, gettext_noop("There is no backup of the last two days"),
        gettext_noop("./desk manage backup makes one now; the job backup says why it did not."), again=True,
    ),
    "alerts-undelivered": Entry(
        WARNING, gettext_noop("Alerts do not arrive"),
        gettext_noop("./desk manage alert_test says what the channel answers; mend ALERT_URLS in .env."),
    ),
    "alerts-given-up": Entry(
        WARNING, gettext_noop("Alerts were given up"),
        gettext_noop("Read them in the admin under Sent alerts: nobody was told. Look at ALERT_URLS in .env."),
    ),
}  # fmt: skip


def entry_of(code: str, level: str = "warning") -> Entry:
    """The catalogue's entry; for a code that is not in it one with the event's level and the code itself."""
    known = CATALOGUE.get(code)
    return known or Entry(_OF_EVENTS.get(level, WARNING), code, "")


def advice(code: str) -> tuple[str, str]:
    """What the code means and what to do, in the language that is active; both empty when it is not known."""
    entry = CATALOGUE.get(code)
    if entry is None:
        return "", ""
    return gettext(entry.sentence), gettext(entry.todo) if entry.todo else ""
