"""mojito2's own client on a bench server: ``python mojito2.py URL FRAMES`` prints frames a second.

It receives in a process of its own and hands each record over in a queue; what counts is what comes out of that.
"""

import sys
import time
from typing import Any

import mojito.koreainvestment as module  # type: ignore[import-not-found]  # lives in the benchmark's own environment


def main(url: str, frames: int) -> None:
    connect = module.websockets.connect

    def here(_uri: str, **options: Any) -> Any:
        return connect(url, **options)

    module.websockets.connect = here  # its address is written in the middle of its code
    module.KoreaInvestmentWS.get_approval = lambda _self: "no-key"
    client = module.KoreaInvestmentWS("key", "secret", ["H0STCNT0"], ["005930"])
    client.start()
    try:
        client_frames = 0
        started = time.perf_counter()
        while client_frames < frames:
            client.get()
            if not client_frames:
                started = time.perf_counter()  # a process and an interpreter had to start before this one
            client_frames += 1
        print((frames - 1) / (time.perf_counter() - started))
    finally:
        client.terminate()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
