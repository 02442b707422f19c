"""The only place that joins everything together."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import os
from pathlib import Path
from typing import Any

from litestar.types import ASGIApp

from seatwright.app.launch.desk import LaunchDesk
from seatwright.app.work import Workshop
from seatwright.demo import demo as demo_tenant
from seatwright.domain.clock import Clock
from seatwright.identity.oidc import IdentityProvider, OidcClient
from seatwright.jobs import worker as jobs
from seatwright.mail.smtp import SmtpMailer, SmtpServer
from seatwright.postgres.pool import Database
from seatwright.settings import PREFIX, OffsetClock, Settings, SettingsError
from seatwright.web.edge import Edge
from seatwright.web.entry import Entry
from seatwright.web.graph.application import GraphApplication
from seatwright.web.graph.sign_in import SignIn
from seatwright.web.launch import LaunchDoor
from seatwright.web.open import OpenPages
from seatwright.web.portal.application import Portal
from seatwright.web.portal.frame.languages import LanguageError, Languages, languages_in
from seatwright.web.rate import RateLimit
from seatwright.web.rest.application import create_rest_application
from seatwright.web.rest.openapi import describe
from seatwright.web.watch import Watch
from seatwright.webhooks.caller import HttpCaller


def assemble_web_app(
    *,
    database: Database,
    clock: Clock,
    public_host: str,
    public_url: str | None = None,
    provider: IdentityProvider | None = None,
    languages: Languages | None = None,
) -> ASGIApp:
    """The whole web application over an unopened database; its lifespan opens and closes it."""
    rest, public_url = create_rest_application(), public_url or f"http://{public_host}"
    pages = OpenPages(database=database, clock=clock, describe=lambda: describe(rest))

    async def lifespan(receive: Any, send: Any) -> None:
        """Answer the server's start and stop, holding the pool open in between."""
        await receive()
        await database.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await database.close()
        await send({"type": "lifespan.shutdown.complete"})

    desk = LaunchDesk(database, clock=clock, public_url=public_url)
    launches = LaunchDoor(desk)
    graph = GraphApplication(database=database, clock=clock)
    sign_in = SignIn(database=database, clock=clock)

    def guest(path: str) -> ASGIApp | None:
        """What answers a path under whatever Host."""
        if graph.serves(path):
            return graph
        return sign_in if sign_in.serves(path) else None

    portal = Portal(
        database=database,
        clock=clock,
        public_url=public_url,
        provider=provider,
        languages=languages,
    )
    entry = Entry(
        surfaces={
            **dict.fromkeys(portal.heads, portal),
            "/api": Edge(rest, database=database, clock=clock, public_url=public_url),
        },
        doors=dict.fromkeys(launches.paths, launches),
        fallback=pages,
        public_host=public_host,
        lifespan=lifespan,
        guest=guest,
    )
    return Watch(entry)


def create_web_app() -> ASGIApp:
    """The web application of one process that `serve` started, from its environment."""
    calm_collector()
    settings = Settings.from_environment()
    assert settings.database_url is not None, "serve hands every process its database"
    app = assemble_web_app(
        database=Database(settings.database_url),
        clock=OffsetClock(settings.clock_offset),
        public_host=settings.public_host,
        public_url=settings.resolved_public_url,
        provider=provider_of(settings),
        languages=languages_of(settings),
    )
    if settings.rate_limit is None:
        return app
    # Every process counts for itself, and the kernel spreads the calls over all of them.
    return RateLimit(app, per_second=settings.rate_limit / settings.workers)


def provider_of(settings: Settings) -> IdentityProvider | None:
    """The identity provider that is set; None where none is.

    Raises SettingsError when the file of the client's secret cannot be read.
    """
    if settings.oidc_issuer is None:
        return None
    assert settings.oidc_client_id is not None, "settings without it are refused"
    secret = settings.oidc_client_secret
    if settings.oidc_client_secret_file is not None:
        secret = _secret_in(settings.oidc_client_secret_file, "OIDC_CLIENT_SECRET_FILE")
    client = OidcClient(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=secret,
        redirect_uri=settings.oidc_redirect_uri or f"{settings.resolved_public_url}/auth/callback",
        role_claim=settings.oidc_role_claim,
    )
    # The provider's clock is the true one, however far the clock of a demo was moved.
    return IdentityProvider(client, now=OffsetClock().now)


def languages_of(settings: Settings) -> Languages:
    """The languages that pages can be in; raises SettingsError for a file that is no catalogue."""
    try:
        return languages_in(settings.languages_dir)
    except LanguageError as error:
        raise SettingsError(f"{PREFIX}LANGUAGES_DIR: {error}") from error


def run_worker(settings: Settings) -> None:
    """The job worker of one process, until it is asked to stop."""
    calm_collector()
    assert settings.database_url is not None, "serve hands every process its database"
    networks = [one for one in settings.webhook_networks.split(",") if one]
    workshop = Workshop(
        database=Database(settings.database_url),
        clock=OffsetClock(settings.clock_offset),
        mailer=mailer_of(settings),
        caller=HttpCaller(allowed=[ipaddress.ip_network(one) for one in networks]),
    )
    asyncio.run(jobs.run_worker(workshop, listen_url=settings.listen_url or settings.database_url))


def mailer_of(settings: Settings) -> SmtpMailer | None:
    """The mail server that is set; None where none is.

    Raises SettingsError when the file of its password cannot be read.
    """
    if settings.mail_host is None:
        return None
    assert settings.mail_from is not None, "settings without it are refused"
    password = settings.mail_password
    if settings.mail_password_file is not None:
        password = _secret_in(settings.mail_password_file, "MAIL_PASSWORD_FILE")
    return SmtpMailer(
        SmtpServer(
            host=settings.mail_host,
            port=settings.mail_port,
            security=settings.mail_security,
            sender=settings.mail_from,
            user=settings.mail_user,
            password=password,
        )
    )


def _secret_in(file: Path, name: str) -> str:
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{PREFIX}{name} is {str(file)!r}, which cannot be read: {error}. Let the account that"
            " runs seatwright read it."
        ) from error


def load_demo(settings: Settings) -> None:
    """Make the demo tenant unless it is there, and keep its administrator's token.

    A token that is kept already and still works stays: the file belongs to whoever came first.
    """
    asyncio.run(_load_demo(settings))


async def _load_demo(settings: Settings) -> None:
    assert settings.database_url is not None, "serve hands every process its database"
    file = settings.token_file
    kept = file.read_text().strip() if file.exists() else None
    database = Database(settings.database_url, connections_max=2)
    await database.open()
    try:
        now = OffsetClock(settings.clock_offset).now()
        demo = await demo_tenant.load_demo(database, now=now, kept_token=kept)
    finally:
        await database.close()
    if demo.token is not None:
        _keep_token(file, demo.token)


def _keep_token(file: Path, token: str) -> None:
    """Leave a token where commands on this machine find it, readable by this account only."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    with open(fresh, "w", opener=_open_private) as opened:
        opened.write(token + "\n")
    fresh.replace(file)


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_EXCL, 0o600)


def calm_collector() -> None:
    """Look for garbage in cycles less often.

    A bulk job makes hundreds of thousands of small values, none of them in a cycle: looking through
    them again and again took a third of its time. What was loaded at the start is never looked at.
    """
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
