"""Every scenario file is played under each preset that it names.

A scenario says who and what there is, what happens, and who then holds what. `then` is for all
presets of the file; `then under entra` and `then under native` say where they differ. Only what
a `then` names is compared, but a person that it names is compared whole: what they hold, and
every problem. `refused` names the reason of a refusal and `saying` words of its sentence.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from seatwright.domain.assignments import Source, SourceKind
from seatwright.domain.errors import Refusal
from seatwright.domain.semantics import Preset
from tests.scenarios.stage import Stage

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("[0-9]*.yaml"))
KEYS_BESIDE_THE_VERB = {
    "then",
    "then under entra",
    "then under native",
    "refused",
    "refused under entra",
    "refused under native",
    "saying",
    "why",
}


def played() -> Iterator[Any]:
    """Give every scenario with every preset it is meant for."""
    for path in FILES:
        sheet = yaml.safe_load(path.read_text(encoding="utf-8"))
        for preset in sheet.get("presets", ["entra", "native"]):
            yield pytest.param(sheet, Preset(preset), id=f"{path.stem}-{preset}")


@pytest.mark.parametrize(("sheet", "preset"), list(played()))
def test_scenario(sheet: dict[str, Any], preset: Preset) -> None:
    stage = Stage(sheet, preset)
    for number, step in enumerate(sheet["steps"], start=1):
        play(stage, step, preset, where=f"step {number} of “{sheet['title']}”")


def play(stage: Stage, step: dict[str, Any], preset: Preset, *, where: str) -> None:
    """Play one step and compare what came of it."""
    verbs = [key for key in step if key not in KEYS_BESIDE_THE_VERB]
    assert len(verbs) <= 1, f"{where} does two things: {verbs}"
    reason = step.get(f"refused under {preset}", step.get("refused"))
    if reason is not None:
        with pytest.raises(Refusal) as refused:
            stage.play(verbs[0], step[verbs[0]])
        assert str(refused.value.reason) == reason, where
        for words in [step["saying"]] if "saying" in step else []:
            assert words in refused.value.detail, where
    elif verbs:
        stage.play(verbs[0], step[verbs[0]])
    for key in ("then", f"then under {preset}"):
        for subject, expected in step.get(key, {}).items():
            assert found(stage, subject) == wanted(stage, subject, expected), (where, subject)


def wanted(stage: Stage, subject: str, expected: Any) -> Any:
    """Give what a `then` expects, with all that it leaves unsaid."""
    if subject == "seats used":
        return expected
    holds = expected.get("holds", [])
    if isinstance(holds, list):
        holds = dict.fromkeys(holds, "all")
    return {
        "holds": {
            product: stage.plan_names(stage.all_plans(product)) if plans == "all" else set(plans)
            for product, plans in holds.items()
        },
        "problems": expected.get("problems", {}),
    }


def found(stage: Stage, subject: str) -> Any:
    """Give what is the case, in the words of a scenario file."""
    product = {number: name for name, number in stage.product_no.items()}
    if subject == "seats used":
        return {product[sku]: count for sku, count in stage.consumed.items() if count}
    person = stage.people[subject]
    return {
        "holds": {product[h.sku]: stage.plan_names(h.enabled) for h in person.held},
        "problems": {
            f"{product[e.sku]} from {source_name(stage, e.source)}": str(e.reason)
            for e in person.errors
        },
    }


def source_name(stage: Stage, source: Source) -> str:
    """Give the name of a group, or say that it is the person's own assignment."""
    if source.kind is not SourceKind.GROUP:
        return "their own"
    return next(name for name, group in stage.groups.items() if group.no == source.no)


def test_scenario_numbers_are_used_once() -> None:
    numbers = [path.name.split("_")[0] for path in FILES]
    assert len(numbers) == len(set(numbers))


def test_every_scenario_says_where_its_expectation_comes_from() -> None:
    for path in FILES:
        sheet = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert sheet["title"] and sheet["source"], path.name
