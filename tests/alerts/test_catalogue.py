"""Every code that the programs raise has its words, and every entry is raised somewhere."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from stockdesk.alerts.catalogue import CATALOGUE, RANK, advice, entry_of

ROOMS = ("stockdesk", "market", "assets", "trading", "collectors")
RAISING = {"raise_event": 1, "Troubles": 1}
"""Place of the code among the arguments."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for room in ROOMS:
        for path in Path(settings.BASE_DIR, room).rglob("*.py"):
            if "migrations" not in path.parts:
                yield path.stem, ast.parse(path.read_text())


def constants(tree: ast.Module) -> dict[str, ast.expr]:
    """What a module's names stand for: its own constants, and those it imports by name."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            home = ast.Name(id=node.module.rpartition(".")[2])
            found |= {alias.name: ast.Attribute(value=home, attr=alias.name) for alias in node.names}
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found[target.id] = node.value
                elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    found |= {
                        name.id: value
                        for name, value in zip(target.elts, node.value.elts, strict=False)
                        if isinstance(name, ast.Name)
                    }
    return found


def codes_raised() -> set[str]:
    trees = list(modules())
    named: dict[str, dict[str, ast.expr]] = {}
    for stem, tree in trees:
        named.setdefault(stem, {}).update(constants(tree))

    def texts(node: ast.expr, stem: str) -> Iterator[str]:
        match node:
            case ast.Constant(value=str(text)):
                yield text
            case ast.Tuple(elts=parts) | ast.Set(elts=parts):
                for part in parts:
                    yield from texts(part, stem)
            case ast.Name(id=name) if name in named[stem]:
                yield from texts(named[stem][name], stem)
            case ast.Attribute(value=ast.Name(id=module), attr=name) if name in named.get(module, {}):
                yield from texts(named[module][name], module)
            case ast.Name(id="code"):  # said in a loop over the module's own list
                listed = named[stem].get("TROUBLES")
                if listed is not None:
                    yield from texts(listed, stem)

    found: set[str] = set()
    for stem, tree in trees:
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = call.func.id if isinstance(call.func, ast.Name) else ""
            arguments = call.args
            if name == "News":
                found |= set(texts(arguments[1], stem))
            elif name in RAISING:
                found |= set(texts(arguments[RAISING[name]], stem))
            else:  # handed to a thread: run(raise_event, source, code, ...)
                places = [n for n, at in enumerate(arguments) if isinstance(at, ast.Name) and at.id == "raise_event"]
                found |= {code for n in places for code in texts(arguments[n + 2], stem)}
    # The token store and the board choose between two of their constants in a call of their own.
    for stem in ("tokens", "board", "upkeep"):
        for name in ("REFUSED", "OLD", "EVENT", "CODE"):
            if name in named[stem]:
                found |= set(texts(named[stem][name], stem))
    return found


def test_every_code_that_is_raised_has_its_words():
    assert codes_raised() - CATALOGUE.keys() == set()


def test_every_entry_is_raised_somewhere():
    assert CATALOGUE.keys() - codes_raised() == set()


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_code_says_what_it_means_and_what_to_do_in_korean(code):
    sentence, todo = advice(code)
    assert sentence != CATALOGUE[code].sentence
    assert bool(todo) is (code != "order-filled")
    assert CATALOGUE[code].level in RANK


@pytest.mark.parametrize(("level", "expected"), [("info", "info"), ("warning", "warning"), ("error", "critical")])
def test_a_code_that_nobody_knows_has_the_level_of_its_event(level, expected):
    assert entry_of("moon-full", level).level == expected
    assert advice("moon-full") == ("", "")
