"""Run schedules by hand: how many, from which seed, or one of them with all that happened in it."""

import argparse
import logging
import os
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stockdesk.settings")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.trading.model")
    parser.add_argument("--schedules", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0, help="the first one")
    parser.add_argument("--trace", action="store_true", help="run one seed and tell what happens in it")
    asked = parser.parse_args()

    import django

    django.setup()
    logging.disable(logging.CRITICAL)
    from tests.trading.model.schedule import Failed, Schedule, run_schedules

    began = time.monotonic()
    try:
        if asked.trace:
            schedule = Schedule(asked.seed)
            schedule.run()
            print("\n".join(schedule.trace))
        else:
            run_schedules(asked.seed, asked.schedules)
    except Failed as failed:
        print(failed)
        return 1
    print(f"{1 if asked.trace else asked.schedules} schedules, no violation, {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
