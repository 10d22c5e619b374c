"""The page about the simulator tells everything that it can do."""

from pathlib import Path

from stockdesk.simulator.control import ACTIONS
from stockdesk.simulator.mishaps import MISHAPS
from stockdesk.simulator.options import CHANGEABLE

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")


def test_the_page_has_every_mishap_in_the_words_of_the_program():
    assert [name for name, text in MISHAPS.items() if f"| `{name}` | {text} |" not in PAGE] == []


def test_the_page_has_every_action_and_every_option_that_can_be_changed():
    assert [name for name in (*ACTIONS, *CHANGEABLE) if f"`{name}`" not in PAGE] == []
