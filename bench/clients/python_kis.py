"""python-kis's own client on a bench server: ``python python_kis.py URL FRAMES`` prints frames a second."""

import sys
import threading
import time
from typing import Any

import pykis.client.websocket as module  # type: ignore[import-not-found]  # lives in the benchmark's own environment
from pykis.event.filters.subscription import KisSubscriptionEventFilter  # type: ignore[import-not-found]


def main(url: str, frames: int) -> None:
    module.WEBSOCKET_REAL_DOMAIN = url.rstrip("/")
    done, heard = threading.Event(), 0

    def on_price(_sender: Any, _told: Any) -> None:
        nonlocal heard
        heard += 1
        if heard == frames:
            done.set()

    client = module.KisWebsocketClient(kis=object())
    ticket = client.event.on(on_price, where=KisSubscriptionEventFilter("H0STCNT0"))
    started = time.perf_counter()
    client.connect()
    if not done.wait(120):
        sys.exit(f"{heard} of {frames} frames arrived")
    print(frames / (time.perf_counter() - started))
    ticket.unsubscribe()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
