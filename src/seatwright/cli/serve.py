"""``seatwright serve`` and the processes that it starts: ``web``, ``worker``, ``prepare``."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from seatwright.settings import PREFIX, Settings, SettingsError


def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Address to serve on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to serve on; 0 takes a free one.")] = None,
    workers: Annotated[int | None, typer.Option(help="How many web processes.")] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where the embedded PostgreSQL keeps its data.")
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Load the demo tenant once.")] = False,
    empty: Annotated[bool, typer.Option("--empty", help="Start without the demo.")] = False,
    worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="Run the job worker here too.")
    ] = True,
) -> None:
    """Serve the API with its database and job worker, until stopped."""
    # Imported when they are needed: the commands of people start faster without the server.
    from seatwright.cli.listening import listen
    from seatwright.cli.supervision import ServeChoices, Supervision
    from seatwright.cli.welcome import welcome
    from seatwright.logs import configure_logs

    if demo and empty:
        raise SettingsError("--demo and --empty exclude each other: give one of them.")
    settings = _settings_with(host=host, port=port, workers=workers, data_dir=data_dir)
    configure_logs(settings.log_level, process="serve")
    with listen(settings) as listener:
        settings = replace(settings, port=listener.getsockname()[1])
        Supervision(
            settings,
            choices=ServeChoices(is_demo=demo, has_worker=worker),
            listener=listener,
            on_ready=welcome,
        ).run()


def web(descriptor: Annotated[int, typer.Option(help="The listening socket.")]) -> None:
    """Serve web requests on a socket that ``serve`` opened."""
    from seatwright.cli.web_server import serve_socket
    from seatwright.logs import configure_logs

    settings = Settings.from_environment()
    configure_logs(settings.log_level, process="web")
    serve_socket(socket.socket(fileno=descriptor))


def worker() -> None:
    """Work on jobs, until stopped; for a worker on a machine of its own."""
    from seatwright.bootstrap import run_worker
    from seatwright.cli.database import opened_database
    from seatwright.logs import configure_logs
    from seatwright.postgres.grants import refuse_role_that_bypasses

    settings = Settings.from_environment()
    configure_logs(settings.log_level, process="worker")
    with opened_database(settings) as database:
        refuse_role_that_bypasses(database.app_url)
        run_worker(replace(settings, database_url=database.app_url))


def prepare() -> None:
    """Make the demo tenant and its first token, unless they are there."""
    from seatwright.bootstrap import load_demo
    from seatwright.logs import configure_logs

    settings = Settings.from_environment()
    configure_logs(settings.log_level, process="prepare")
    load_demo(settings)


def _settings_with(
    *, host: str | None, port: int | None, workers: int | None, data_dir: Path | None
) -> Settings:
    """Return the environment's settings with the command line's in front of them.

    They are read in the same way, so that one rule and one message hold for both.
    """
    given = {
        "HOST": host,
        "PORT": port,
        "WORKERS": workers,
        "DATA_DIR": None if data_dir is None else data_dir.absolute(),
    }
    chosen = {PREFIX + name: str(value) for name, value in given.items() if value is not None}
    return Settings.from_environment({**os.environ, **chosen})
