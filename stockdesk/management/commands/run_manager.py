"""Daemon 7: starts and stops the other programs by trading hours, through supervisord."""

import asyncio
import os
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from stockdesk.daemon import Daemon
from stockdesk.kis.messages import KST
from stockdesk.manager import chores
from stockdesk.manager.keeping import Keeping
from stockdesk.programs import MANAGER
from stockdesk.setup import processes
from stockdesk.setup.places import DESK, Places
from stockdesk.setup.supervision import Supervisor

#: How often it is looked for the word of ./desk that the tables are made, in seconds.
LOOK_EVERY = 0.5


class Command(Daemon):
    """It holds nothing that others need: killed, it is missed at the next change of hours and not before."""

    help = "Starts and stops the programs by trading hours and by the operators' word, through supervisord."
    name = MANAGER
    every = 3.0

    keeping: Keeping
    once = False
    tasks: Iterable[asyncio.Task[None]] = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.once = options["once"]
        self.places = own_places()
        # supervisord starts this program before the tables are there, for nobody else would after a restart of its.
        while not self.places.prepared.exists():
            time.sleep(LOOK_EVERY)
        super().handle(*args, **options)

    async def setup(self) -> None:
        supervisor = Supervisor(self.places)
        self.keeping = await self.database.run(Keeping, supervisor, mark=self.places.mark, may_act=self.holds_lease)
        if not self.once:
            self.tasks = [
                asyncio.create_task(chores.follow(chore, self.stopping, may_act=self.holds_lease), name=chore.name)
                for chore in chores.CHORES.values()
            ]

    async def step(self) -> None:
        for task in self.tasks:
            if task.done() and not self.stopping.is_set():
                raise RuntimeError(f"the chore {task.get_name()} has ended") from task.exception()
        self.counters |= await self.database.run(self.keeping.round, datetime.now(KST))

    async def teardown(self) -> None:
        self.stopping.set()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


def own_places() -> Places:
    """Where the supervisord above this process has its socket: ./desk names the run in STOCKDESK_RUN."""
    run = os.environ.get(processes.MARK)
    return Places(Path(run)) if run else DESK
