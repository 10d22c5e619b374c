"""Every fault of the failure model (1-82) and what proves that the desk bears it: a scenario, or a test elsewhere.

With ``--faults`` the named tests run along, and the run ends with this table and what became of each row.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from tests.faults.scenarios import FAULTS

SCENARIO = "tests/faults/test_faults.py::test_the_desk_lives_through"
LAST = 82

#: What an existing test proves in the same real way, or what can be told from one part of the desk alone.
ELSEWHERE: dict[int, tuple[str, ...]] = {
    2: ("collectors/test_keeper.py::test_pingpong_without_ticks_is_not_life_while_the_market_moves",),
    16: (
        "trading/test_decisions.py::test_silence_is_not_a_price",
        "collectors/test_keeper.py::test_a_quiet_market_or_a_few_quiet_symbols_are_no_reason_to_reconnect",
    ),
    19: (
        "ground/test_tokens.py::test_five_processes_that_need_a_token_at_once_cause_one_issue",
        "ground/test_tokens.py::test_a_refused_issue_is_not_tried_again_at_once",
    ),
    23: (
        "kis/test_account.py::test_no_holdings_beside_securities_of_some_value_is_a_failed_inquiry",
        "collectors/test_run_assets.py::test_an_answer_that_is_none_is_not_an_empty_account",
    ),
    24: ("collectors/test_run_assets.py::test_a_second_page_that_fails_keeps_everything_until_the_broker_mends",),
    25: (
        "ground/test_budget_simulator.py::"
        "test_five_greedy_processes_stay_below_the_ceiling_in_every_second_that_the_broker_counts",
    ),
    30: ("trading/processes/test_crashes.py::test_no_kill_makes_two_bookings_of_one_intent_or_loses_a_fill",),
    37: ("trading/test_engine.py::test_three_refusals_switch_a_condition_off",),
    41: ("trading/processes/test_run_trading.py::test_what_must_not_be_sent_is_not_and_the_table_says_why",),
    43: ("trading/processes/test_run_trading.py::test_what_must_not_be_sent_is_not_and_the_table_says_why",),
    44: ("trading/test_checks.py::test_the_order_itself_is_looked_at",),
    45: ("trading/test_checks.py::test_an_unsettled_order_counts_in_full_and_blocks_its_symbol",),
    46: ("trading/test_checks.py::test_shares_that_sells_hold_are_not_sold_twice",),
    47: ("trading/processes/test_run_trading.py::test_what_must_not_be_sent_is_not_and_the_table_says_why",),
    48: ("trading/processes/test_run_trading.py::test_what_must_not_be_sent_is_not_and_the_table_says_why",),
    49: ("trading/test_checks.py::test_each_check_says_no_with_its_own_code",),
    50: (
        "ground/test_hours.py::test_nobody_orders_on_a_day_that_nobody_confirmed",
        "ground/test_hours.py::test_a_closed_day_has_no_windows",
        "trading/test_engine.py::test_an_intent_of_the_last_second_of_a_day_is_decided_anew_on_the_next",
    ),
    51: ("collectors/test_overseas.py::test_new_york_trades_by_its_own_clock_and_holidays",),
    52: (
        "trading/test_board.py::test_columns_of_any_type_are_read",
        "trading/test_board.py::test_what_is_no_price_raises",
    ),
    53: ("trading/test_engine.py::test_what_changed_between_the_decision_and_the_post_holds_it_back",),
    57: ("setup/test_supervision.py::test_a_program_that_cannot_start_is_tried_again_and_not_given_up",),
    58: ("manager/test_real_supervisord.py::test_a_new_manager_leaves_everybody_alone",),
    60: ("ground/test_daemon.py::test_it_waits_for_a_database_that_is_not_there_yet",),
    73: ("ground/test_env_database.py::test_the_session_is_strict_and_korean",),
    74: (
        "dashboard/test_live.py::test_every_browser_gets_the_same_text_of_one_poll",
        "dashboard/test_feed.py::test_the_text_is_made_once_for_all_readers_of_one_version",
    ),
    75: ("dashboard/test_consumers.py::test_a_browser_that_takes_nothing_is_dropped_and_holds_up_nobody",),
    76: ("browser/test_dashboard.py::test_a_lost_connection_is_told_and_mends_itself",),
    77: (
        "dashboard/test_consumers.py::test_a_page_of_another_origin_is_refused",
        "dashboard/test_consumers.py::test_whoever_is_not_logged_in_is_sent_to_the_login_form",
        "dashboard/test_consumers.py::test_whoever_is_logged_out_or_lost_the_role_is_closed_within_a_minute",
    ),
    78: ("ground/test_login_lock.py::test_five_wrong_passwords_close_the_login_for_that_name_and_address",),
    79: ("ground/test_env.py::test_signs_that_mean_something_elsewhere_arrive_unchanged",),
    80: ("ground/test_env.py::test_mode_and_addresses_that_contradict_each_other_are_refused",),
    82: (
        "ground/test_logs.py::test_a_secret_in_a_chain_of_exceptions_is_masked",
        "kis/test_rest.py::test_no_secret_is_in_an_error_even_when_the_other_side_quotes_it",
    ),
}


@dataclass(slots=True)
class Proof:
    """What proves one row, by the beginning of the node id, and how its runs went."""

    node: str
    title: str
    outcomes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def verdict(self) -> str:
        for word in ("failed", "skipped", "passed"):
            if word in self.outcomes:
                return word
        return "not run"


def proofs() -> list[tuple[int, Proof]]:
    """All rows, by number; a fault may have several."""
    made: dict[str, Proof] = {}
    rows = []
    for fault in FAULTS:
        proof = Proof(f"{SCENARIO}[{fault.name}]", fault.title)
        rows += [(number, proof) for number in fault.numbers]
    for number, nodes in ELSEWHERE.items():
        for node in nodes:
            words = node.rpartition("::test_")[2].replace("_", " ")
            rows.append((number, made.setdefault(node, Proof(f"tests/{node}", words))))
    return sorted(rows, key=lambda row: row[0])


def is_of(node: str, proof: Proof) -> bool:
    """Whether this node is the proof itself or one case of it."""
    return node == proof.node or node.startswith(f"{proof.node}[")


class FaultTable:
    """A pytest plugin: keeps the run to what the table names, and prints it at the end."""

    def __init__(self) -> None:
        self._rows = proofs()

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        kept = [item for item in items if self._named(item.nodeid)]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept

    def _named(self, node: str) -> bool:
        return node.startswith("tests/faults/") or any(is_of(node, proof) for _, proof in self._rows)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for proof in {id(proof): proof for _, proof in self._rows}.values():
            if is_of(report.nodeid, proof):
                proof.seconds += report.duration
                if report.when == "call" or report.outcome != "passed":
                    proof.outcomes.append(report.outcome)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("faults")
        for line in lines(self._rows):
            terminalreporter.write_line(line)


def lines(rows: Sequence[tuple[int, Proof]]) -> list[str]:
    """The table as text: number, verdict, seconds, what is proved, and where."""
    told = []
    for number, proof in rows:
        where = "here" if proof.node.startswith(SCENARIO) else re.sub(r"^tests/|::.*$", "", proof.node)
        told.append(f"F{number:<3} {proof.verdict:8} {proof.seconds:6.1f} s  {proof.title[:78]:78}  {where}")
    return told
