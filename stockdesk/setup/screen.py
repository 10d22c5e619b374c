"""One screen of progress: a line per stage, saying what became of it and how long it took."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(slots=True)
class Stage:
    """A stage in the making; ``result`` is what its line will say."""

    title: str
    result: str = "done"


class Screen:
    """Writes to a terminal, a log or nowhere: a closed terminal must not keep the desk from stopping."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.live = sys.stdout.isatty()

    def say(self, text: str = "") -> None:
        self.write(f"{text}\n")

    def write(self, text: str) -> None:
        with self.lock, contextlib.suppress(OSError, ValueError):
            sys.stdout.write(text)
            sys.stdout.flush()

    @contextlib.contextmanager
    def stage(self, title: str) -> Iterator[Stage]:
        stage = Stage(title)
        began = time.monotonic()
        over = threading.Event()
        ticker = threading.Thread(target=self.tick, args=(stage, began, over), daemon=True)
        if self.live:
            ticker.start()
        try:
            yield stage
        except BaseException:
            stage.result = "failed"
            raise
        finally:
            over.set()
            if self.live:
                ticker.join()
                self.write("\r\033[K")
            self.say(line(title, stage.result, time.monotonic() - began))

    def tick(self, stage: Stage, began: float, over: threading.Event) -> None:
        while not over.wait(0.5):
            self.write(f"\r  {stage.title:<22} working, {time.monotonic() - began:.0f} s")


def line(title: str, result: str, seconds: float) -> str:
    return f"  {title:<22} {result:<44} {seconds:>4.1f} s"
