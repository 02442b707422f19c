"""Logs: one line of JSON each, whoever wrote it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from seatwright.logs import configure_logs


@pytest.fixture(autouse=True)
def _unchanged_afterwards() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_line_has_its_fields_and_the_correlation_id(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", process="web")
    with structlog.contextvars.bound_contextvars(correlation="c-1"):
        structlog.get_logger("seatwright.app").info("seat taken", seats_free=3)
    line = json.loads(capsys.readouterr().err)
    assert line["message"] == "seat taken"
    assert (line["seats_free"], line["correlation"], line["process"]) == (3, "c-1", "web")
    assert (line["level"], line["logger"]) == ("info", "seatwright.app")


def test_a_library_that_logs_in_its_own_way_comes_out_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("info", process="worker")
    logging.getLogger("somebody").warning("odd %s", "thing")
    line = json.loads(capsys.readouterr().err)
    assert (line["message"], line["level"], line["process"]) == ("odd thing", "warning", "worker")


def test_lines_below_the_level_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("warning", process="web")
    structlog.get_logger("seatwright").info("unimportant")
    assert capsys.readouterr().err == ""


def test_an_exception_is_one_line_with_its_trace(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", process="web")
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger("seatwright").exception("request failed")
    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert "ValueError: broken" in json.loads(written)["exception"]
