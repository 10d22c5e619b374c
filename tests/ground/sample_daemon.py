"""A small daemon for the tests, run as a process: ``python -m tests.ground.sample_daemon [--once]``.

Each step that may write counts an event under its fencing number. The environment tells how it behaves:
EVERY and LENGTH of a step in seconds, EXPIRY of the lease, MISTAKE raised in the second step, COUNTER that no
JSON can hold.
"""

import asyncio
import os
import sys

import django

if __name__ == "__main__":
    django.setup()

    from stockdesk.daemon import Daemon
    from stockdesk.events import raise_event

    class Command(Daemon):
        help = "Counts its steps."
        name = "sample"
        every = float(os.environ.get("EVERY", "0.2"))
        expiry = float(os.environ.get("EXPIRY", "2.0"))

        async def setup(self) -> None:
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
            print("torn down", flush=True)

    Command().run_from_argv(["manage.py", "run_sample", *sys.argv[1:]])
