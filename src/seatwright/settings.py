"""What an installation can be told from outside: one frozen ``Settings``, read once.

Every setting is an environment variable ``SEATWRIGHT_…`` named after its field; the text below a
field is its documentation, shown by the reference pages.
"""

from __future__ import annotations

import ast
import functools
import inspect
import os
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from seatwright.setting_values import (
    PREFIX,
    SettingsError,
    format_duration,
    parse_address,
    parse_duration,
    parse_host,
    parse_integer,
    parse_issuer,
    parse_log_level,
    parse_mail_from,
    parse_mail_security,
    parse_networks,
    parse_path,
    parse_postgres,
    parse_rate_limit,
    parse_redirect,
    parse_text,
)

__all__ = [
    "PREFIX",
    "OffsetClock",
    "SettingDocumentation",
    "Settings",
    "SettingsError",
    "default_data_dir",
    "documented_settings",
    "format_duration",
    "parse_duration",
]

_WORKERS_MAX: Final = 64


def default_data_dir(environment: Mapping[str, str]) -> Path:
    """Return the platform's place for a user's data: ``/var/lib/seatwright`` as root."""
    if os.geteuid() == 0:
        return Path("/var/lib/seatwright")
    base = environment.get("XDG_DATA_HOME", "")
    if base.startswith("/"):
        return Path(base) / "seatwright"
    return Path.home() / ".local" / "share" / "seatwright"


def _default_workers() -> int:
    return max(1, min(4, os.cpu_count() or 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one process; ``serve`` hands its own on to the processes that it starts."""

    host: str = "127.0.0.1"
    """The address to serve on. `0.0.0.0` serves on every address of this machine."""

    port: int = 8080
    """The TCP port to serve on; 0 takes any free one."""

    data_dir: Path = field(default_factory=lambda: default_data_dir(os.environ))
    """Where the embedded PostgreSQL and the first token live. Default: `/var/lib/seatwright` as
    root, else `$XDG_DATA_HOME/seatwright` or `~/.local/share/seatwright`."""

    database_url: str | None = field(default=None, repr=False)
    """An external PostgreSQL (15 to 18) instead of the embedded one: the connection string of the
    app role, which owns nothing and cannot bypass row-level security."""

    migrate_url: str | None = field(default=None, repr=False)
    """The connection string of the role that owns the tables of the external PostgreSQL, for
    migrations, backup and restore. Without it, `serve` expects a database already migrated."""

    listen_url: str | None = field(default=None, repr=False)
    """A direct connection string for LISTEN and NOTIFY, where `SEATWRIGHT_DATABASE_URL` leads to
    pgbouncer. Default: the same as `SEATWRIGHT_DATABASE_URL`."""

    public_url: str | None = None
    """The address by which people reach this server, used in links and to tell our Host from
    others. Default: the address served."""

    rate_limit: int | None = None
    """How many requests a second one client address may make, or `off`. Default: `off`."""

    clock_offset: timedelta = timedelta(0)
    """Moves the clock of every process of a demo or test tenant, as an ISO 8601 duration of weeks,
    days, hours, minutes and seconds: `P31D`, `-PT2H`. `/readyz` shows the time that it gives."""

    workers: int = field(default_factory=_default_workers)
    """How many web processes serve. Default: one for each core, at most 4."""

    languages_dir: Path | None = None
    """A directory with translations of the pages, a file for each language: `de.po`, `pt_BR.po`.
    People read the first language that their browser asks for and that is there. Default: none, so
    that pages are in English."""

    mail_host: str | None = None
    """The mail server (SMTP) that mails are handed to. Without one nothing is sent, and what would
    be is shown by `seatwright mail list`."""

    mail_port: int = 587
    """The port of the mail server."""

    mail_security: str = "starttls"
    """How the connection to the mail server is kept private: `starttls`, `tls` from the first byte,
    or `none` for a server on this machine."""

    mail_from: str | None = None
    """The address that mails come from, with or without a name:
    `Licenses <licenses@example.com>`. Needed with `SEATWRIGHT_MAIL_HOST`."""

    mail_user: str | None = None
    """The name to sign in to the mail server with. Default: no signing in."""

    mail_password: str | None = field(default=None, repr=False)
    """The password of that name."""

    mail_password_file: Path | None = None
    """A file that holds the password, instead of `SEATWRIGHT_MAIL_PASSWORD`."""

    webhook_networks: str = ""
    """Private networks that webhooks may lead to, with commas in between: `10.20.0.0/16`. Default:
    none, so that webhooks lead to the internet only."""

    oidc_issuer: str | None = None
    """The identity provider that people sign in to the portal with (OpenID Connect): its address as
    its tokens name it. Default: none, so that links and passwords sign in."""

    oidc_client_id: str | None = None
    """What the identity provider calls this installation. Needed with `SEATWRIGHT_OIDC_ISSUER`."""

    oidc_client_secret: str | None = field(default=None, repr=False)
    """The secret that goes with it. Default: none, for a client that the provider made public."""

    oidc_client_secret_file: Path | None = field(default=None, repr=False)
    """A file that holds the secret, instead of `SEATWRIGHT_OIDC_CLIENT_SECRET`."""

    oidc_redirect_uri: str | None = None
    """Where the identity provider sends people back to. Default: `/auth/callback` of the public
    address."""

    oidc_role_claim: str = "roles"
    """The claim that names somebody's roles; a dot leads into it: `realm_access.roles`."""

    log_level: str = "info"
    """The least important log lines to write: `debug`, `info`, `warning` or `error`."""

    url: str | None = None
    """The server that the command line talks to. Default: the address served on this machine."""

    token: str | None = field(default=None, repr=False)
    """The token that the command line presents. Default: the one that the first start left in the
    data directory."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings; raises SettingsError for the first value that is not acceptable.

        An empty variable counts as not set, as compose files and unit files write them.
        """
        source = os.environ if environment is None else environment
        values: dict[str, object] = {"data_dir": default_data_dir(source)}
        for name, parse in _PARSERS.items():
            text = source.get(PREFIX + name.upper(), "").strip()
            if text:
                values[name] = parse(PREFIX + name.upper(), text)
        if "mail_host" in values and "mail_from" not in values:
            raise SettingsError(
                f"{PREFIX}MAIL_HOST is set and {PREFIX}MAIL_FROM is not. Give the address that "
                "mails come from, for example Licenses <licenses@example.com>."
            )
        if "oidc_issuer" in values and "oidc_client_id" not in values:
            raise SettingsError(
                f"{PREFIX}OIDC_ISSUER is set and {PREFIX}OIDC_CLIENT_ID is not. Give the client id"
                " that the identity provider has for this installation."
            )
        return cls(**values)  # type: ignore[arg-type]  # Each parser returns its field's type.

    def to_environment(self) -> dict[str, str]:
        """Return the variables from which ``from_environment`` reads these settings again."""
        written: dict[str, str] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, timedelta):
                value = format_duration(value)
            if value is not None:
                written[PREFIX + one.name.upper()] = str(value)
        return written

    @property
    def served_url(self) -> str:
        """The address served, as a client on this machine writes it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def resolved_public_url(self) -> str:
        """The public address: as set, else the address served."""
        return (self.public_url or self.served_url).rstrip("/")

    @property
    def public_host(self) -> str:
        """Host and port of the public address, as a Host header has them."""
        return urlsplit(self.resolved_public_url).netloc

    @property
    def token_file(self) -> Path:
        """Where the first start leaves its token, mode 600."""
        return self.data_dir / "token"


class OffsetClock:
    """The clock of this machine, moved by the setting `SEATWRIGHT_CLOCK_OFFSET`."""

    __slots__ = ("offset",)

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self.offset = offset

    def now(self) -> datetime:
        """Return the business time in UTC."""
        return datetime.now(UTC) + self.offset


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingDocumentation:
    """One setting as the reference pages show it."""

    variable: str
    default: str | None
    text: str


def documented_settings() -> tuple[SettingDocumentation, ...]:
    """Return every setting with the text below its field; raises ValueError if one has none."""
    body = ast.parse(textwrap.dedent(inspect.getsource(Settings))).body[0]
    assert isinstance(body, ast.ClassDef)
    texts: dict[str, str] = {}
    for statement, after in zip(body.body, body.body[1:], strict=False):
        match statement, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                texts[name] = " ".join(text.split())
    if missing := [one.name for one in fields(Settings) if one.name not in texts]:
        raise ValueError(f"settings without documentation: {missing}")
    return tuple(
        SettingDocumentation(
            variable=PREFIX + one.name.upper(),
            default=None if one.default in (MISSING, None) else _shown(one.default),
            text=texts[one.name],
        )
        for one in fields(Settings)
    )


def _shown(value: object) -> str:
    return format_duration(value) if isinstance(value, timedelta) else str(value)


_PARSERS: Final[Mapping[str, Callable[[str, str], object]]] = {
    "host": parse_host,
    "port": functools.partial(parse_integer, least=0, most=65535),
    "data_dir": parse_path,
    "database_url": parse_postgres,
    "migrate_url": parse_postgres,
    "listen_url": parse_postgres,
    "public_url": parse_address,
    "rate_limit": parse_rate_limit,
    "clock_offset": parse_duration,
    "workers": functools.partial(parse_integer, least=1, most=_WORKERS_MAX),
    "languages_dir": parse_path,
    "mail_host": parse_text,
    "mail_port": functools.partial(parse_integer, least=1, most=65535),
    "mail_security": parse_mail_security,
    "mail_from": parse_mail_from,
    "mail_user": parse_text,
    "mail_password": parse_text,
    "mail_password_file": parse_path,
    "webhook_networks": parse_networks,
    "oidc_issuer": parse_issuer,
    "oidc_client_id": parse_text,
    "oidc_client_secret": parse_text,
    "oidc_client_secret_file": parse_path,
    "oidc_redirect_uri": parse_redirect,
    "oidc_role_claim": parse_text,
    "log_level": parse_log_level,
    "url": parse_address,
    "token": parse_text,
}
