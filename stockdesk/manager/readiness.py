"""What ``/readyz`` asks of the programs: whoever should run does."""

from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import gettext as _

from stockdesk.health import Reason, ready_check
from stockdesk.manager.states import manager_lives, standing
from stockdesk.manager.words import STATES, TROUBLES


@ready_check
def programs_run() -> Iterator[Reason]:
    """Silent on a desk that no manager has ever looked after."""
    programs = standing()
    if not programs:
        return
    if not manager_lives(timezone.now()):
        yield Reason("manager_silent", _("The manager gives no sign of life; programs keep to no hours."))
        return
    for program in programs:
        if program.is_missing:
            text = _("%(program)s should run: %(trouble)s.")
            trouble = TROUBLES.get(program.trouble) or STATES.get(program.state, program.state)
            yield Reason("program_down", text % {"program": program.name, "trouble": trouble})
