"""The admin of the batch jobs: how far each day is, what failed and why, what comes next, and trying again."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from collectors import symbol_texts
from collectors.job_models import JobDay, JobItem
from collectors.jobs import JOBS, again, hand_out, resume
from collectors.sources import lacks_key
from market.issue_search import IssueSearch
from stockdesk.admin import ReadOnlyAdmin, day, moment
from stockdesk.confirmation import Deed, Line, ask, is_confirmed

State = JobItem.State
UNFINISHED = [State.WAITING, State.RUNNING, State.FAILED]


def label_of(name: str) -> str:
    """A job's name on the screen; the bare name once the job is no longer known."""
    return str(JOBS[name].label) if name in JOBS else name


def minute(at: datetime | None) -> str:
    """A moment in Seoul to the minute, without the date when it is today; a dash for none."""
    return symbol_texts.minute(at) or "–"


def next_text(name: str) -> str:
    """When the next day of a job is due, or that it has no key."""
    if missing_key(name):
        return gettext("no key")
    return minute(JOBS[name].due.next_at(timezone.now())) if name in JOBS else "–"


def missing_key(job: str) -> str:
    """The setting that a job waits for; "" for one that can work."""
    return lacks_key(JOBS[job].source) if job in JOBS else ""


def is_paused(row: JobDay) -> bool:
    return row.paused_until is not None and row.paused_until > timezone.now()


def counted(state: Any = None) -> Any:
    """How many items of a job's day there are, or of them in one state."""
    items = JobItem.objects.filter(job=OuterRef("job"), day=OuterRef("day")).order_by().values("job", "day")
    which = Q() if state is None else Q(state=state)
    return Coalesce(Subquery(items.annotate(n=Count("pk", filter=which)).values("n")), 0)


@admin.register(JobDay)
class JobDayAdmin(ReadOnlyAdmin):
    list_display = ("title", "date", "standing", "progress", "failures", "reason", "worked", "then")
    list_filter = ("job",)
    date_hierarchy = "day"
    actions = ("try_again",)
    date = day("day", _("day"))
    worked = moment("worked_at", _("last fetched"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[JobDay]:
        items = JobItem.objects.filter(job=OuterRef("job"), day=OuterRef("day"))
        failed = items.filter(state=State.FAILED)
        waiting = items.filter(state__in=UNFINISHED, not_before__isnull=False)
        return (
            super()
            .get_queryset(request)
            .annotate(
                total=counted(),
                done=counted(State.DONE),
                failed=counted(State.FAILED),
                skipped=counted(State.SKIPPED),
                why=Subquery(failed.order_by("-ended_at").values("error")[:1]),
                soonest=Subquery(waiting.order_by("not_before").values("not_before")[:1]),
            )
        )

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("collectors.change_jobitem"))

    @display(description=_("job"), ordering="job")
    def title(self, row: JobDay) -> str:
        return label_of(row.job)

    @display(
        description=_("state"),
        label={"done": "success", "failed": "danger", "running": "info", "paused": "warning", "empty": "default"},
    )
    def standing(self, row: Any) -> tuple[str, str]:
        if missing_key(row.job):
            return "paused", gettext("no key")
        if not row.total:
            return "empty", gettext("nothing to do")
        if row.done + row.skipped == row.total:
            return "done", gettext("done")
        if is_paused(row):
            return "paused", gettext("paused until %s") % minute(row.paused_until)
        if row.done + row.skipped + row.failed == row.total:
            return "failed", gettext("failed in part")
        return "running", gettext("under way")

    @display(description=_("done"))
    def progress(self, row: Any) -> str:
        link = f"{reverse('admin:collectors_jobitem_changelist')}?job__exact={row.job}&day={row.day}"
        text = f"{row.done:,} / {row.total:,}"
        return format_html('<a class="desk-link" href="{}">{}</a>', link, text)

    @display(description=_("failed"))
    def failures(self, row: Any) -> str:
        return f"{row.failed:,}" if row.failed else ""

    @display(description=_("reason"))
    def reason(self, row: Any) -> str:
        if setting := missing_key(row.job):
            return gettext("%s is not set in .env") % setting
        return row.note if is_paused(row) else row.why or ""

    @display(description=_("next"))
    def then(self, row: Any) -> str:
        if row.soonest is None:
            return next_text(row.job)
        return gettext("again %s") % minute(max(row.soonest, timezone.now()))

    @admin.action(description=_("Fetch what failed again"), permissions=["retry"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[JobDay]) -> HttpResponse | None:
        lines: dict[bool, list[Line]] = {True: [], False: []}
        for row in queryset:
            lacking = row.failed + row.skipped  # type: ignore[attr-defined]
            text = gettext("%(day)s, %(n)s failed or left out") % {"day": row.day, "n": f"{lacking:,}"}
            unfinished = row.done < row.total  # type: ignore[attr-defined]
            lines[unfinished or is_paused(row)].append(Line(row.pk, label_of(row.job), text))

        def question(count: int) -> str:
            text = ngettext("Fetch again what failed on %(n)d day?", "Fetch again what failed on %(n)d days?", count)
            return text % {"n": count}

        deed = retrying(question, lines)
        if not is_confirmed(request, deed):
            return ask(self, request, deed)
        tried, resumed = 0, False
        for row in JobDay.objects.filter(pk__in=[line.pk for line in deed.rows]):
            tried += again(JobItem.objects.filter(job=row.job, day=row.day).values_list("pk", flat=True))
            resumed |= resume(row.job)
            if row.job in JOBS:
                hand_out(row.job, row.day)
        told(self, request, tried, resumed)
        return None


@admin.register(JobItem)
class JobItemAdmin(IssueSearch, ReadOnlyAdmin):
    list_display = ("item", "title", "date", "standing", "rows", "attempts", "error", "ended", "later")
    list_filter = ("state", "job")
    search_fields = ("item",)
    symbol_in = "item"
    also_in = ("error",)
    search_help_text = _("name, code or reason")
    date_hierarchy = "day"
    list_per_page = 50
    actions = ("try_again",)
    date = day("day", _("day"))
    ended = moment("ended_at", _("ended at"))
    later = moment("not_before", _("not before"))

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("collectors.change_jobitem"))

    @display(description=_("job"), ordering="job")
    def title(self, item: JobItem) -> str:
        return label_of(item.job)

    @display(
        description=_("state"),
        ordering="state",
        label={"done": "success", "failed": "danger", "running": "info", "waiting": "default", "skipped": "warning"},
    )
    def standing(self, item: JobItem) -> tuple[str, str]:
        return item.state, item.get_state_display()

    @admin.action(description=_("Fetch what failed again"), permissions=["retry"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[JobItem]) -> HttpResponse | None:
        paused = set(JobDay.objects.filter(paused_until__gt=timezone.now()).values_list("job", flat=True))
        lines: dict[bool, list[Line]] = {True: [], False: []}
        for item in queryset:
            waits = item.state == State.WAITING and item.job in paused
            text = f"{item.day} · {item.get_state_display()} {item.error}".strip()
            name = f"{label_of(item.job)} {item.item}"
            lines[waits or item.state in (State.FAILED, State.SKIPPED)].append(Line(item.pk, name, text))

        def question(count: int) -> str:
            return ngettext("Fetch %(n)d item again?", "Fetch %(n)d items again?", count) % {"n": count}

        deed = retrying(question, lines)
        if not is_confirmed(request, deed):
            return ask(self, request, deed)
        items = JobItem.objects.filter(pk__in=[line.pk for line in deed.rows])
        days = set(items.order_by().values_list("job", "day").distinct())
        tried, resumed = again([line.pk for line in deed.rows]), False
        for job, on in days:
            resumed |= resume(job)
            if job in JOBS:
                hand_out(job, on)
        told(self, request, tried, resumed)
        return None


def retrying(question: Callable[[int], str], lines: dict[bool, list[Line]]) -> Deed:
    """The page before a retry: what is fetched again (True), and what has nothing to fetch."""
    return Deed(
        action="try_again",
        title=gettext("Fetch what failed again"),
        question=question,
        rows=lines[True],
        left=lines[False],
        note=gettext("A source that was paused goes on at once; the calls count against its bound for today."),
        nothing=gettext("Nothing of this has failed or was left out."),
    )


def told(page: ReadOnlyAdmin, request: HttpRequest, tried: int, resumed: bool) -> None:
    if resumed:
        page.message_user(request, gettext("The source was paused; its jobs go on now."), messages.SUCCESS)
    if tried:
        text = ngettext("%(n)d item is fetched again.", "%(n)d items are fetched again.", tried) % {"n": tried}
        page.message_user(request, text, messages.SUCCESS)
    elif not resumed:
        page.message_user(request, gettext("Nothing of this has failed or was left out."), messages.INFO)
