"""What daemons must not load: each megabyte is paid seven times over."""

import subprocess
import sys

from django.conf import settings

from stockdesk.programs import PROGRAMS

#: Spreadsheets, exports, alarms by mail and chat, the world's holidays, the public sources' client, web servers, what
#: writes in colours.
HEAVY = {
    "openpyxl",
    "tablib",
    "import_export.admin",
    "apprise",
    "holidays",
    "requests",
    "uvicorn",
    "starlette",
    "numpy",
    "rich",
    "pygments",
}
PAGES = {"stockdesk.urls", "market.views", "trading.condition_admin", "stockdesk.metrics"}


def test_daemons_load_nothing_that_they_do_not_need():
    commands = [program.command[2] for program in PROGRAMS if program.command[1] == "manage.py"]
    daemons = [name for name in commands if name.startswith("run_") and name != "run_simulator"]
    assert len(daemons) >= 6
    found = loaded(
        "from django.core.management import load_command_class, get_commands\n"
        f"for name in {daemons}:\n"
        "    daemon = load_command_class(get_commands()[name], name)\n"
        "    daemon.check(tags=daemon.requires_system_checks)"
    )
    assert found & (HEAVY | PAGES) == set()


def test_a_look_at_the_closed_days_of_an_exchange_loads_no_calendars():
    script = (
        "from datetime import date, datetime; from collectors.overseas.indices import CALENDARS, HOLIDAYS, NEW_YORK\n"
        "HOLIDAYS.learn(CALENDARS, datetime(2026, 11, 20))\n"
        "assert not NEW_YORK.is_session(date(2026, 11, 26)) and NEW_YORK.is_session(date(2026, 11, 27))"
    )
    assert "holidays" not in loaded(script)


def test_the_web_process_does_load_them():
    assert {"openpyxl", "import_export", "trading.condition_admin", "stockdesk.metrics"} <= loaded(
        "import stockdesk.urls"
    )


def test_the_checks_of_the_admin_see_all_of_its_pages():
    script = (
        "from django.core.management import call_command; from django.contrib import admin\n"
        "before = len(admin.site._registry)\n"
        "call_command('check', tags=['admin'])\n"
        "assert before == 0 and len(admin.site._registry) > 20, (before, len(admin.site._registry))"
    )
    assert "trading.condition_admin" in loaded(script)


def loaded(script: str) -> set[str]:
    """The modules of a new process after these lines."""
    lines = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'stockdesk.settings'\n"
        f"import django; django.setup()\n{script}\nprint('\\n'.join(sys.modules), file=sys.stdout)"
    )
    done = subprocess.run([sys.executable, "-c", lines], cwd=settings.BASE_DIR, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())
