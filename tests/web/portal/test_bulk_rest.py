"""What is left of a bulk job as the world changes: who is meant, what they lack, what to buy."""

from __future__ import annotations

from tests.dynamic import change, held, work_off
from tests.office import Office
from tests.web.portal.bulk_rows import (
    E3,
    NAMES,
    apply_preview,
    buy,
    form_of,
    lines,
    parts,
    preview_of,
    row,
    rows_shown,
    run_again,
    section,
    staff,
    to_buy,
)
from tests.world import add_people


async def test_rows_are_run_again_for_the_very_people_whom_they_named_then(office: Office) -> None:
    visitor = await staff(office, seats=1)
    file = lines(row("ada"), row("ben"), row("cara"))
    path = await apply_preview(visitor, office, await preview_of(visitor, file))
    await change(office, "ben", userPrincipalName="benedict@contoso.example")
    await change(office, "cara", userPrincipalName="carola@contoso.example")
    await add_people(office, "ben")
    preview = await run_again(visitor, path)
    assert parts(preview) == {"changes": "0", "unseated": "2"}
    # Once more of once more: the job of the second try knows them too.
    path = await apply_preview(visitor, office, preview)
    await buy(office, 2)
    preview = await run_again(visitor, path)
    await apply_preview(visitor, office, preview)
    assert await held(office, "ben") == []
    assert await held(office, "benedict") == await held(office, "carola") == [E3]


async def test_somebody_who_was_deleted_before_a_second_try_is_nobody_else(
    office: Office,
) -> None:
    visitor = await staff(office, seats=1)
    file = lines(row("ada"), row("ben"), row("cara"))
    path = await apply_preview(visitor, office, await preview_of(visitor, file))
    await buy(office, 2)
    preview = await run_again(visitor, path)
    form = form_of(preview.text, 'value="apply"')
    sent = await visitor.send("/bulk", preview, **form, step="apply")
    await office.admin.delete("/api/identity/users/ben@contoso.example")
    await add_people(office, "ben")
    await work_off(office)
    job = await visitor.get(sent.headers["location"])
    assert await held(office, "ben") == []
    assert await held(office, "cara") == [E3]
    assert "There is no person “ben@contoso.example”" in job.text


async def test_who_waits_already_counts_once_among_the_seats_to_buy(office: Office) -> None:
    visitor = await staff(office, seats=2)
    file = lines(*map(row, NAMES))
    path = await apply_preview(visitor, office, await preview_of(visitor, file))
    assert to_buy(await visitor.get(path)) == {"3"}
    waits = await run_again(visitor, path, fill="wait")
    await apply_preview(visitor, office, waits)
    job = await visitor.get(path)
    assert to_buy(job) == {"3"}
    assert "3 rows wait for a seat" in section(job, "rest")
    assert "Run the failed rows again" not in section(job, "rest")
    assert to_buy(await preview_of(visitor, file)) == {"3"}


async def test_nobody_buys_a_seat_for_who_was_deleted(office: Office) -> None:
    visitor = await staff(office, seats=2)
    file = lines(*map(row, NAMES))
    path = await apply_preview(visitor, office, await preview_of(visitor, file))
    await office.admin.delete("/api/identity/users/eve@contoso.example")
    job = await visitor.get(path)
    assert to_buy(job) == {"2"}
    assert "2 rows found no seat, and do not wait for one." in section(job, "rest")
    for name in ("cara", "dan"):
        await office.admin.delete(f"/api/identity/users/{name}@contoso.example")
    assert "nothing left to run again" in section(await visitor.get(path), "rest")


async def test_all_or_nothing_stays_whole_when_it_is_run_again_and_buys_for_all(
    office: Office,
) -> None:
    visitor = await staff(office, seats=2)
    preview = await preview_of(visitor, lines(*map(row, NAMES)), fill="allOrNothing")
    assert to_buy(preview) == {"3"}
    path = await apply_preview(visitor, office, preview)
    job = await visitor.get(path)
    rest = section(job, "rest")
    assert to_buy(job) == {"3"}
    assert "fault" not in rest
    assert "3 rows found no seat, and do not wait for one." in rest
    assert "2 rows could be done, were it not for the others." in rest
    assert "Run the rows without a seat again" not in rest
    assert rows_shown(job) == ["4", "5", "6"]
    assert rows_shown(await visitor.get(f"{path}?show=spared")) == ["2", "3"]
    await buy(office, 3)
    await apply_preview(visitor, office, await run_again(visitor, path))
    assert [await held(office, name) for name in NAMES] == [[E3]] * 5


async def test_the_first_job_says_what_is_left_after_its_rows_were_run_again(
    office: Office,
) -> None:
    visitor = await staff(office, seats=2)
    path = await apply_preview(visitor, office, await preview_of(visitor, lines(*map(row, NAMES))))
    await buy(office, 1)
    await apply_preview(visitor, office, await run_again(visitor, path))
    assert "2 rows found no seat" in section(await visitor.get(path), "rest")
    assert parts(await run_again(visitor, path)) == {"changes": "0", "unseated": "2"}
    await buy(office, 2)
    await apply_preview(visitor, office, await run_again(visitor, path))
    rest = section(await visitor.get(path), "rest")
    assert "All of them have it by now." in rest
    assert "found no seat" not in rest
    assert "<form" not in rest
    assert rows_shown(await visitor.get(f"{path}?show=failed")) == ["4", "5", "6"]
