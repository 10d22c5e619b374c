"""Other keys and addresses of the public sources than those of the settings."""

from dataclasses import replace

from stockdesk.env import Environment
from stockdesk.public_sources import PUBLIC_SOURCES


def asking(desk: Environment, **sources: dict[str, str]) -> Environment:
    """The desk with these sources asked otherwise: ``asking(desk, dart={"key": ""})``."""
    changed = {name: replace(desk.sources[name], **changes) for name, changes in sources.items()}
    return replace(desk, sources={**desk.sources, **changed})


def simulated(desk: Environment, rest_url: str) -> Environment:
    """The desk with all sources asked from the simulator at this REST address."""
    return asking(desk, **{source.name: {"url": f"{rest_url}{source.simulated}"} for source in PUBLIC_SOURCES})
