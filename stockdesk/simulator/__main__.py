"""``python -m stockdesk.simulator``: the stand-in without Django."""

import argparse
import sys

from stockdesk.simulator.options import add_arguments, from_arguments
from stockdesk.simulator.server import run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m stockdesk.simulator", description="A KIS stand-in on loopback.")
    add_arguments(parser)
    try:
        options = from_arguments(vars(parser.parse_args()))
    except ValueError as exc:
        parser.error(str(exc))
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
