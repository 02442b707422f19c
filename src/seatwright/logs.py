"""Structured logs: one line of JSON on standard error for each event.

The message is constant and the variables are fields, so that lines can be counted and searched.
What is bound with ``structlog.contextvars`` (the correlation id of a request or job) is on every
line that follows.  Libraries that log through the standard library come out in the same form.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

import msgspec
import structlog

# Libraries that say often what our own lines already say, and the least level that is news.
_QUIET: Final = {
    "httpx": logging.WARNING,
    "uvicorn.error": logging.WARNING,
    "procrastinate": logging.WARNING,
    # While PostgreSQL is away, every try of every connection would be a line.
    "psycopg.pool": logging.ERROR,
}


def configure_logs(level: str, *, process: str) -> None:
    """Send every log line of this process to standard error as JSON.

    ``level`` is the least important level to write; ``process`` names this process's part
    (``serve``, ``web``, ``worker`` …) on each line.
    """
    number = logging.getLevelNamesMapping()[level.upper()]

    def add_process(_: object, __: str, event: dict[str, Any]) -> dict[str, Any]:
        return {"process": process, **event}

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.format_exc_info,
        add_process,  # type: ignore[list-item]  # A processor may return any mapping.
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.EventRenamer("message"),
                structlog.processors.JSONRenderer(serializer=_as_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(number, least))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _as_json(event: object, **_: object) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()
