"""The table of faults is whole, and what it names is there."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from tests.faults.scenarios import FAULTS
from tests.faults.table import ELSEWHERE, LAST, proofs


def test_every_fault_of_the_failure_model_has_a_proof() -> None:
    assert {number for number, _ in proofs()} == set(range(1, LAST + 1))


@pytest.mark.parametrize("node", sorted({node for nodes in ELSEWHERE.values() for node in nodes}))
def test_a_test_that_the_table_names_exists(node: str) -> None:
    path, _, name = node.partition("::")
    source = Path(settings.BASE_DIR, "tests", path).read_text()
    assert re.search(rf"^(async )?def {name}\(", source, re.MULTILINE)


def test_no_two_scenarios_have_one_name() -> None:
    names = [fault.name for fault in FAULTS]
    assert len(names) == len(set(names))
