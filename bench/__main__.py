"""``./desk bench``: every timing claim of the desk as a ratio, measured side by side in one run on this machine."""

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stockdesk.settings")
    django.setup()
    from django.db import connection
    from django.test.utils import setup_test_environment

    from bench import flush, journey, latency, memory, push, receive, rivals, scrape, soak, sweep
    from bench.table import Row, show

    parts: dict[str, Callable[..., list[Row]]] = {
        "receive": receive.run, "rivals": rivals.run, "flush": flush.run, "latency": latency.run,
        "scrape": scrape.run, "sweep": sweep.run, "push": push.run, "journey": journey.run,
        "memory": memory.run,
    }  # fmt: skip
    parser = argparse.ArgumentParser(prog="./desk bench", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"{', '.join(parts)} (all of these), or soak")
    parser.add_argument("--minutes", type=float, default=60.0, help="of soak (%(default)s)")
    parser.add_argument("--ticks", type=float, default=2_500.0, help="a second, of soak (%(default)s)")
    given = parser.parse_args()
    wanted = given.parts or list(parts)
    parts["soak"] = partial(soak.run, given.minutes, given.ticks)
    if unknown := set(wanted) - parts.keys():
        sys.exit(f"no benchmark called {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    # A test database: the benchmark never writes where a desk reads.
    setup_test_environment()
    old_name = str(connection.settings_dict["NAME"])
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        rows = [row for part in wanted for row in parts[part]()]
    finally:
        connection.creation.destroy_test_db(old_name, verbosity=0)
    print(show(rows))
    sys.exit(0 if all(row.holds for row in rows) else 1)
