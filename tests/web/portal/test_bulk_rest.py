"""What is left of a bulk job as the world changes: who is meant, what they lack, what to buy."""

from __future__ import annotations

from tests.dynamic import change, held, work_off
from tests.office import Office
from tests.web.portal.bulk_rows import (
    E3,
    apply_preview,
    buy,
    form_of,
    lines,
    parts,
    preview_of,
    row,
    run_again,
    staff,
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
