"""The pages of the reference that are tables of the domain: reasons, jobs, files, products."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Final

from seatwright.app import subscription_file
from seatwright.app.bulk import tables as bulk_tables
from seatwright.domain.bulk import ROWS_MAX, FillPolicy
from seatwright.domain.csv_text import DELIMITERS
from seatwright.domain.errors import Reason
from seatwright.domain.groups_file import GROUP_COLUMNS, GROUP_ROWS_MAX
from seatwright.domain.jobs import JobKind, JobState, Outcome
from seatwright.domain.members_file import MEMBER_COLUMNS, MEMBER_ROWS_MAX
from seatwright.domain.people_file import PEOPLE_COLUMNS, PEOPLE_ROWS_MAX
from seatwright.domain.platform_file import (
    APP_COLUMNS,
    ENVIRONMENT_COLUMNS,
    FLOW_COLUMNS,
    PLATFORM_ROWS_MAX,
    ROLE_COLUMNS,
    ROLE_ROWS_MAX,
)
from seatwright.domain.requests.states import TABLE, Allowed
from seatwright.domain.semantics import ENTRA, NATIVE, Semantics
from seatwright.domain.settings import SETTINGS
from seatwright.shipped import microsoft_csv
from seatwright.shipped.reader import load_catalog
from seatwright.web import metrics
from seatwright.web.reasons import every_code
from seatwright.web.rest.history import CSV_HEADER
from seatwright.web.rest.jobs import RESULT_COLUMNS
from tools.field_docs import field_docs
from tools.markdown import code, page, table

# What a member of `JobState` means is not written below it, for its name says it inside the code.
_STATES: Final[Mapping[JobState, str]] = {
    JobState.QUEUED: "Waits for a worker.",
    JobState.RUNNING: "Some of its slices are done, or one is being worked on.",
    JobState.COMPLETED: "Every row has an outcome; some may have failed.",
    JobState.FAILED: "Stopped by a bug or by an error that trying again did not mend: `error` says"
    " which. What was done stays done.",
    JobState.CANCELLED: "Stopped because somebody asked; what was done stays done.",
}
_OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.SUCCEEDED: "It is as the row wanted, whether it had to be changed or was so already.",
    Outcome.FAILED: "Nothing was changed for this row; `reason` and `message` say why.",
    Outcome.WAITING: "Assigned; the license follows when a seat comes free (fill policy `wait`).",
    Outcome.CANCELLED: "Not worked on, because the job was cancelled or failed before.",
}
BACKGROUND_TASKS: Final = (
    (
        "seatwright.work_job",
        "when a job is started or resumed",
        "Works on one job, slice by slice: 2,000 people or fewer in one transaction.",
    ),
    (
        "seatwright.deliver",
        "when somebody is told something, and each minute while something is due, for each tenant",
        (
            "Words what was told, and sends mails and calls of webhooks, 50 and 40 on one lease of"
            " five minutes."
        ),
    ),
    (
        "seatwright.tick",
        "each minute",
        (
            "Hands every active tenant to `seatwright.tend_tenant`, makes the history's partitions"
            " of the next two months, and forgets what killed workers left in the queue."
        ),
    ),
    (
        "seatwright.tend_tenant",
        "each minute, for each tenant",
        (
            "Wakes jobs that nobody works on; ends and begins assignments whose date has passed;"
            " purges deleted people after `deletedUsersKeptDays`; forgets kept answers of"
            " `Idempotency-Key` after 24 hours; compares counted with stored seats and logs a"
            " difference as an error; seals the history, every ten minutes or every 1,000"
            " rows."
        ),
    ),
)


def reasons_page() -> str:
    """Every code of a refusal."""
    rows = [
        (f'<a id="{name}"></a>`{name}`', str(status), one.meaning, one.fix)
        for name, (status, one) in every_code().items()
    ]
    return page(
        "Reasons",
        "One cause has one code everywhere: in problem+json (`code`), in the rows of a job, in the"
        " errors of groups and people, in the history. The server shows this table at"
        " `/docs/errors`, where the `type` of every problem leads. What is unknown is 404 when the"
        " path names it and 400 when the body does. Reasons of changes are on the page about the"
        " [history](history.md).",
        table(("code", "status", "what has happened", "what mends it"), rows),
    )


def jobs_page() -> str:
    """Kinds, states and outcomes of jobs, and what runs by itself."""
    kinds = field_docs(JobKind)
    fills = field_docs(FillPolicy)
    return page(
        "Jobs",
        "Work on many people is a job: `GET /api/jobs/{id}`, `seatwright jobs show ID`. A job"
        " survives a crash of any process and goes on where it was, each row exactly once.",
        "## Kinds",
        table(("kind", "works on"), [(code(one.value), kinds[one.name]) for one in JobKind]),
        "## States",
        table(("state", "meaning"), [(code(one.value), _STATES[one]) for one in JobState]),
        "## Outcomes of a row",
        table(("outcome", "meaning"), [(code(one.value), _OUTCOMES[one]) for one in Outcome]),
        "## Fill policies",
        "What happens where there are fewer seats than rows; without a word it is `asMany`.",
        table(("policy", "meaning"), [(code(one.value), fills[one.name]) for one in FillPolicy]),
        f"A bulk job has at most {ROWS_MAX:,} rows.",
        "## What runs by itself",
        table(("task", "when", "what"), [(f"`{a}`", b, c) for a, b, c in BACKGROUND_TASKS]),
    )


def csv_page() -> str:
    """The columns of every file."""
    delimiters = " ".join(f"`{'tab' if one == chr(9) else one}`" for one in DELIMITERS)
    return page(
        "Files",
        "Every import reads UTF-8 with or without BOM, UTF-16 and ASCII, with the delimiters"
        f" {delimiters}, and headers in any order and case: blanks, `_` and `-` in a header never"
        " matter. Columns that mean nothing are named in the answer. Cells of exports that a"
        " spreadsheet would run as a formula stand behind an apostrophe, which imports take away"
        " again. Row numbers count as a spreadsheet does: the header is row 1.",
        *_file("Bulk assignments", "`POST /api/identity/licenses/bulk-assign`,"
               " `seatwright bulk FILE`: a person and, unless the call names one for all rows, a"
               " product. `action` is `add`, `remove` or `replace`.", bulk_tables.BULK_COLUMNS,
               ROWS_MAX),
        *_file("Current holdings", "`POST /api/imports/holdings`, `seatwright holdings import"
               " FILE`: what people hold today, adopted as their own, counted even beyond the"
               " seats.", bulk_tables.HOLDINGS_COLUMNS, ROWS_MAX),
        *_file("People", "`POST /api/imports/users`, `GET /api/exports/users`, `seatwright users"
               " import|export`: matched by external id, then by user principal name.",
               PEOPLE_COLUMNS, PEOPLE_ROWS_MAX),
        *_file("Groups", "`POST /api/imports/groups`, `GET /api/exports/groups`, `seatwright groups"
               " import|export`: matched by external id, then by name.",
               GROUP_COLUMNS, GROUP_ROWS_MAX),
        *_file("Members", "`POST /api/imports/members`, `GET /api/exports/members`, `seatwright"
               " groups import|export --members`: a row puts a person, or a group, into a group.",
               MEMBER_COLUMNS, MEMBER_ROWS_MAX),
        *_file("Environments", "`POST /api/imports/environments`, `GET /api/exports/environments`,"
               " `seatwright environments import|export`: matched by external id, then by name.",
               ENVIRONMENT_COLUMNS, PLATFORM_ROWS_MAX),
        *_file("Apps", "`POST /api/imports/apps`, `GET /api/exports/apps`, `seatwright apps"
               " import|export`: matched by external id, then by name in their environment."
               " `requires` and `sharedWith` list several things between semicolons.",
               APP_COLUMNS, PLATFORM_ROWS_MAX),
        *_file("Flows", "`POST /api/imports/flows`, `GET /api/exports/flows`, `seatwright flows"
               " import|export`: matched by external id, then by name in their environment.",
               FLOW_COLUMNS, PLATFORM_ROWS_MAX),
        *_file("Security roles", "`POST /api/imports/security-roles`, `GET"
               " /api/exports/security-roles`, `seatwright security-roles import|export`: a row"
               " gives a person, or the team of a group, a role of an environment.",
               ROLE_COLUMNS, ROLE_ROWS_MAX),
        *_file("Subscriptions", "`POST /api/imports/subscriptions`, `GET"
               " /api/exports/subscriptions`: taken whole or not at all.",
               subscription_file.COLUMNS, None),
        *_file("Microsoft's table of products", "`POST /api/imports/catalog`, `seatwright catalog"
               " import FILE`: the file that Microsoft publishes as “Product names and service plan"
               " identifiers for licensing”.", dict.fromkeys(microsoft_csv.COLUMNS, ()),
               microsoft_csv.ROWS_MAX),
        "## Written only",
        table(
            ("file", "columns"),
            [
                ("result of a job: `GET /api/jobs/{id}/result.csv`", code(*RESULT_COLUMNS)),
                ("history: `GET /api/identity/licenses/assignment-history` as `text/csv`",
                 code(*CSV_HEADER)),
            ],
        ),
    )  # fmt: skip


def _file(
    title: str, words: str, columns: Mapping[str, Sequence[str]], rows_max: int | None
) -> Iterable[str]:
    yield f"## {title}"
    yield words + (f" At most {rows_max:,} rows." if rows_max else "")
    yield table(
        ("column", "also understood"),
        [(code(name), code(*others)) for name, others in columns.items()],
    )


def metrics_page() -> str:
    """Everything that `/metrics` tells of seatwright itself."""
    rows = _metric_rows(metrics.render({}).decode().splitlines())
    return page(
        "Metrics",
        "`GET /metrics` in Prometheus's text form, summed over every web process. Counters have"
        " the ending `_total`. Jobs are counted by the database, so the number is right whoever"
        " works on them.",
        table(("metric", "kind", "meaning"), rows),
    )


def _metric_rows(lines: Iterable[str]) -> list[tuple[str, str, str]]:
    """Our families from the comments of the text form, without the library's own."""
    words: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for line in lines:
        mark, _, rest = line.partition(" seatwright_")
        name, _, text = rest.partition(" ")
        if mark == "# HELP":
            words[name] = text
        elif mark == "# TYPE":
            kinds[name] = text
    return sorted(
        (f"`seatwright_{name}`", kinds[name], text)
        for name, text in words.items()
        if not name.endswith("_created")
    )


def catalog_page() -> str:
    """The products that ship."""
    catalog = load_catalog()
    rows = [
        (
            sku.display_name,
            code(sku.part_number, *sku.aliases),
            "people" if sku.is_assignable_to_users else "the organization",
            "yes" if sku.in_strategy_scope else "no",
            str(len(sku.service_plan_ids)),
            (sku.scope_note or "") + (" Legacy." if sku.is_legacy else ""),
        )
        for sku in catalog.skus
    ]
    return page(
        "Products that ship",
        f"Every new tenant starts with these {len(rows)} products, {len(catalog.service_plans)}"
        f" service plans, {len(catalog.exclusions)} sets of service plans that exclude each other"
        f" and {len(catalog.dependencies)} dependencies. Microsoft's table"
        " ([how](../how-to/catalog.md)) and products of your own stand beside them. *In scope* says"
        " whether the five [strategies](strategies.md) are meant for the product: one that is out"
        " of scope is assigned with a warning, and a product for the organization is not assigned"
        " to people at all.",
        "Products per app (Power Apps per app, T-130) are allocated to environments in the Power"
        " Platform admin center, not to people; pay-as-you-go is billed by use. Both are here so"
        " that they can be named, and are refused with that explanation. Seats are bought where you"
        " buy them today, in the Microsoft 365 admin center's Purchase services page or from a"
        " partner (T-135); seatwright says how many are missing and is told when they are there.",
        table(
            ("product", "part number, aliases", "for", "in scope", "service plans", "note"), rows
        ),
    )


def presets_page() -> str:
    """Where the two presets differ."""
    docs = field_docs(Semantics)
    settings = {_snake(name): name for name in SETTINGS}
    rows = [
        (
            docs[one.name],
            _shown(getattr(NATIVE, one.name)),
            _shown(getattr(ENTRA, one.name)),
            code(settings[one.name]) if one.name in settings else "",
        )
        for one in fields(Semantics)
        if one.name != "preset"
    ]
    return page(
        "Presets",
        "A tenant has one of two semantics: `native`, or `entra` where it must behave as Microsoft"
        " documents. `seatwright tenant create NAME --preset entra` chooses at the start,"
        " `seatwright settings set preset entra` later; single fields can be overridden with the"
        " [settings](tenant-settings.md) named here.",
        table(("question", "`native`", "`entra`", "setting"), rows),
        "Not in use yet: the brake on large removals (imports have one of their own, see"
        " `importRemovalsMax`), the delays of auto-claim and the name of Graph's error. They come"
        " with those parts of the product.",
    )


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _shown(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case timedelta():
            return f"{value.total_seconds() / 3600:g} hours" if value else "at once"
        case None:
            return "null"
        case _:
            return str(value)


def undocumented_reasons() -> set[str]:
    """Codes that no row explains."""
    return {one.value for one in Reason} - set(every_code())


def requests_page() -> str:
    """Every state of a request with every action: the table that the product itself asks."""
    rows = [
        (
            f"`{state.value}`",
            f"`{act.value}`{' (time)' if act.is_of_time else ''}",
            f"→ `{step.to.value}`" if isinstance(step, Allowed) else f"refused: `{step.reason}`",
            step.effect if isinstance(step, Allowed) else f"Because {step.words}.",
        )
        for state, steps in TABLE.items()
        for act, step in steps.items()
    ]
    return page(
        "What can become of a license request",
        "A request has a line for each of its people, and each goes its own way. What people do is"
        " a call ([how](../how-to/requests.md)), what time does is done within a minute of when it"
        " is due. A refusal says what the line is, by whom and since when.",
        table(("a line that is", "action", "becomes", "effect, or why not"), rows),
    )


TABLE_WRITERS: Final = {
    "reasons.md": reasons_page,
    "jobs.md": jobs_page,
    "csv.md": csv_page,
    "metrics.md": metrics_page,
    "catalog.md": catalog_page,
    "presets.md": presets_page,
    "requests.md": requests_page,
}
