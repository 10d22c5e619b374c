"""``python -m tests.quick 1.0 run_assets ...``: a daemon of ``manage.py`` whose steps are that many seconds apart.

A test that waits for the third round need not wait for three times ten seconds.
"""

import os
import sys
from importlib import import_module

import django
from django.core.management import get_commands, load_command_class


def main(every: str, name: str, *arguments: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stockdesk.settings")
    django.setup()
    app = get_commands()[name]
    import_module(f"{app}.management.commands.{name}").Command.every = float(every)
    load_command_class(app, name).run_from_argv(["manage.py", name, *arguments])


if __name__ == "__main__":
    main(*sys.argv[1:])
