"""The Python side of ``./desk``: run by the desk's own venv once the shell script has made it."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from stockdesk.setup import audit, environment, look, steps, testing, up
from stockdesk.setup.places import DESK, ROOT, Trouble


def main(arguments: Sequence[str]) -> int:
    try:
        if arguments and arguments[0] in PASS_ON:
            return PASS_ON[arguments[0]](list(arguments[1:]))
        options = parser().parse_args(arguments)
        return COMMANDS[options.command](options)
    except Trouble as exc:
        print(f"\n{exc}", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="./desk", allow_abbrev=False)
    commands = made.add_subparsers(dest="command", required=True)
    commands.add_parser("up").add_argument("--detach", action="store_true", help="give the shell back")
    commands.add_parser("down")
    commands.add_parser("status")
    logs = commands.add_parser("logs")
    logs.add_argument("name")
    logs.add_argument("-f", "--follow", action="store_true")
    commands.add_parser("serve-database")
    return made


def manage(arguments: list[str]) -> int:
    os.chdir(ROOT)
    command = steps.manage(*arguments)
    os.execve(command[0], command, environment.desk_file().child_environment())


def doctor(arguments: list[str]) -> int:
    file = environment.desk_file()
    if not file.path.exists():
        raise Trouble("There is nothing to examine yet: ./desk up makes the demo, a .env makes your own desk.")
    try:
        file.read()
    except Trouble as exc:
        print(f"✗ environment file {file.path}\n{exc}", file=sys.stderr)
        return 1
    return manage(["doctor", *arguments])


def serve_database() -> int:
    """What supervisord runs as ``mariadb``: this process becomes the server."""
    server = environment.embedded_server(DESK)
    server.prepare()
    server.become()
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "up": lambda options: up.up(detach=options.detach),
    "down": lambda options: look.down(),
    "status": lambda options: look.status(),
    "logs": lambda options: look.logs(options.name, follow=options.follow),
    "serve-database": lambda options: serve_database(),
}
PASS_ON: dict[str, Callable[[list[str]], int]] = {  # their arguments are for somebody else
    "test": testing.test,
    "bench": testing.bench,
    "audit": audit.audit,
    "manage": manage,
    "doctor": doctor,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
