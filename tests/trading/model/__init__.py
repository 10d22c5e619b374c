"""The model checker of the ledger: seeded schedules of faults against the real engine, without a process or a sleep.

`python -m tests.trading.model --schedules 10000` runs many, `--seed N --trace` shows one.
"""
