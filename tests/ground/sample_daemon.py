"""A small daemon for the tests, run as a process: ``python -m tests.ground.sample_daemon [--once]``.

Each step that may write counts an event under its fencing number. The environment tells how it behaves:
EVERY and LENGTH of a step in seconds, EXPIRY of the lease, MISTAKE raised in the second step, COUNTER that no
JSON can hold, ROLE whose database user it works as.
"""

import asyncio
import gc
import os
import sys

import django

if __name__ == "__main__":
    django.setup()

    from django.db import connections

    from stockdesk.daemon import Daemon
    from stockdesk.events import raise_event

    def users() -> list[str]:
        """Who this daemon's thread is to the database, on each alias."""
        found = []
        for alias in connections:
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT CURRENT_USER()")
                found.append(cursor.fetchone()[0].partition("@")[0])
        return found

    class Command(Daemon):
        help = "Counts its steps."
        name = "sample"
        every = float(os.environ.get("EVERY", "0.2"))
        role = os.environ.get("ROLE", "")
        expiry = float(os.environ.get("EXPIRY", "2.0"))

        async def setup(self) -> None:
            if self.role:
                print("works as", await self.database.run(users), flush=True)
            await self.database.run(raise_event, self.name, "setup")
            print("ready", self.fence, flush=True)

        async def step(self) -> None:
            print("begin", self.fence, flush=True)
            await asyncio.sleep(float(os.environ.get("LENGTH", "0")))
            if "MISTAKE" in os.environ and self.counters.get("steps"):
                raise ValueError(os.environ["MISTAKE"])
            if "COUNTER" in os.environ:
                self.counters["bad"] = self.counters
            if self.holds_lease():
                await self.database.run(raise_event, self.name, "step", str(self.fence))
                print("wrote", self.fence, flush=True)
            print("end", self.fence, flush=True)

        async def teardown(self) -> None:
            print("the garbage collector looks through", len(gc.get_objects()), flush=True)
            print("torn down", flush=True)

    Command().run_from_argv(["manage.py", "run_sample", *sys.argv[1:]])
