"""The program itself: how it starts, what it says, how it ends."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

ROOT = Path(__file__).resolve().parents[2]
MODULE = (sys.executable, "-m", "stockdesk.simulator")
COMMAND = (sys.executable, "manage.py", "run_simulator")
PORTS = ("--rest-port", "0", "--ws-port", "0")


def start(*command):
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ})


def addresses(program):
    line = program.stdout.readline()
    found = re.search(r"REST (http://127\.0\.0\.1:\d+), WebSocket (ws://127\.0\.0\.1:\d+), (\d+) symbols", line)
    assert found, line
    return found.groups()


@pytest.mark.parametrize("command", [MODULE, COMMAND])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_a_signal_and_then_ends_cleanly(command, number):
    with start(*command, *PORTS, "--symbols", "120", "--mock") as program:
        rest, ws, symbols = addresses(program)
        options = httpx.get(f"{rest}/_simulator/", trust_env=False).json()["options"]
        with connect(ws, ping_interval=None) as session:
            program.send_signal(number)
            with pytest.raises(Exception, match="1001"):
                session.recv(timeout=10)
        assert program.wait(timeout=10) == 0
    assert symbols == "120"
    assert (options["mock"], options["calls_per_second"]) == (True, 1)


def test_a_taken_port_is_said_in_one_sentence():
    with start(*MODULE, *PORTS) as first:
        port = addresses(first)[0].rsplit(":", 1)[1]
        second = subprocess.run(
            [*MODULE, "--rest-port", port, "--ws-port", "0"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        first.terminate()
    assert second.returncode == 1
    assert second.stdout.startswith(f"simulator: cannot listen on {port}")
    assert second.stderr == ""


@pytest.mark.parametrize("argument", [("--columns", "48"), ("--symbols", "0"), ("--ticks-per-second", "-1")])
def test_arguments_that_make_no_sense_are_refused(argument):
    refused = subprocess.run([*MODULE, *argument], cwd=ROOT, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "usage:" in refused.stderr
