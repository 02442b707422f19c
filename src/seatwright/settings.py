"""What an installation can be told from outside: one frozen ``Settings``, read once.

Every setting is an environment variable ``SEATWRIGHT_…`` named after its field; the text below a
field is its documentation, shown by the reference pages.
"""

from __future__ import annotations

import ast
import functools
import inspect
import ipaddress
import os
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from seatwright.domain.mail_addresses import is_mail_address

PREFIX: Final = "SEATWRIGHT_"
_LOG_LEVELS: Final = ("debug", "info", "warning", "error")
_MAIL_SECURITY: Final = ("starttls", "tls", "none")
_WORKERS_MAX: Final = 64
_DURATION: Final = re.compile(
    r"(?P<sign>[+-]?)P(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,6})M)?(?:(?P<seconds>\d{1,9})S)?)?"
)


class SettingsError(Exception):
    """A setting's value is not acceptable; the message names it, the rule and the fix."""


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


def parse_duration(name: str, text: str) -> timedelta:
    """Read an ISO 8601 duration; months and years are refused, having no fixed length."""
    found = _DURATION.fullmatch(text.upper())
    parts = {} if found is None else found.groupdict(default="")
    amounts = {unit: int(amount) for unit, amount in parts.items() if unit != "sign" and amount}
    if not amounts:
        raise SettingsError(
            f"{name} is {text!r}, which is no duration. Write weeks, days, hours, minutes and "
            "seconds as ISO 8601 has them, for example P31D or -PT2H30M; months and years have no "
            "fixed length and are not taken."
        )
    return timedelta(**amounts) * (-1 if parts["sign"] == "-" else 1)


def format_duration(value: timedelta) -> str:
    """Write whole seconds as an ISO 8601 duration of days and seconds."""
    size = abs(value)
    seconds = f"T{size.seconds}S" if size.seconds or not size.days else ""
    return f"{'-' if value < timedelta(0) else ''}P{f'{size.days}D' if size.days else ''}{seconds}"


def _parse_host(name: str, text: str) -> str:
    if text == "localhost":
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        raise SettingsError(
            f"{name} is {text!r}, which is no address of this machine. Give an IP address: "
            "127.0.0.1 for this machine only, 0.0.0.0 for every network."
        ) from None


def _parse_integer(name: str, text: str, *, least: int, most: int) -> int:
    if text.isascii() and text.isdigit() and least <= int(text) <= most:
        return int(text)
    raise SettingsError(f"{name} is {text!r}. Give a whole number from {least} to {most}.")


def _parse_rate_limit(name: str, text: str) -> int | None:
    if text.lower() == "off":
        return None
    try:
        return _parse_integer(name, text, least=1, most=1_000_000)
    except SettingsError as refused:
        raise SettingsError(f"{refused} Or `off` for no limit.") from None


def _parse_path(name: str, text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_absolute():
        # Relative to whatever directory a service starts in, it would be another place each time.
        raise SettingsError(f"{name} is {text!r}. Give an absolute path, beginning with /.")
    return path


def _parse_postgres(name: str, text: str) -> str:
    # libpq also takes `host=… dbname=…`, which the processes started by serve understand as well.
    if text.startswith(("postgresql://", "postgres://")) or re.match(r"\w+\s*=", text):
        return text
    raise SettingsError(
        f"{name} is no connection string of PostgreSQL. Write "
        "postgresql://USER:PASSWORD@HOST:PORT/DATABASE (the value is not shown: it may hold a "
        "password)."
    )


def _parse_address(name: str, text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme in ("http", "https") and parts.netloc and parts.path in ("", "/"):
        return text.rstrip("/")
    raise SettingsError(
        f"{name} is {text!r}. Give scheme, host and port without a path, for example "
        "https://licenses.example.com."
    )


def _parse_mail_security(name: str, text: str) -> str:
    if text.lower() in _MAIL_SECURITY:
        return text.lower()
    raise SettingsError(f"{name} is {text!r}. Give one of {', '.join(_MAIL_SECURITY)}.")


def _parse_mail_from(name: str, text: str) -> str:
    _, address = parseaddr(text)
    if text.isprintable() and is_mail_address(address):
        return text
    raise SettingsError(
        f"{name} is {text!r}. Give one mail address, with a name or without: "
        "Licenses <licenses@example.com>."
    )


def _parse_networks(name: str, text: str) -> str:
    try:
        return ",".join(str(ipaddress.ip_network(one.strip())) for one in text.split(","))
    except ValueError as error:
        raise SettingsError(
            f"{name} is {text!r}: {error}. Give networks with commas in between, for example "
            "10.20.0.0/16,192.168.4.0/24."
        ) from None


def _parse_log_level(name: str, text: str) -> str:
    if text.lower() in _LOG_LEVELS:
        return text.lower()
    raise SettingsError(f"{name} is {text!r}. Give one of {', '.join(_LOG_LEVELS)}.")


def _parse_text(_name: str, text: str) -> str:
    return text


_PARSERS: Final[Mapping[str, Callable[[str, str], object]]] = {
    "host": _parse_host,
    "port": functools.partial(_parse_integer, least=0, most=65535),
    "data_dir": _parse_path,
    "database_url": _parse_postgres,
    "migrate_url": _parse_postgres,
    "listen_url": _parse_postgres,
    "public_url": _parse_address,
    "rate_limit": _parse_rate_limit,
    "clock_offset": parse_duration,
    "workers": functools.partial(_parse_integer, least=1, most=_WORKERS_MAX),
    "mail_host": _parse_text,
    "mail_port": functools.partial(_parse_integer, least=1, most=65535),
    "mail_security": _parse_mail_security,
    "mail_from": _parse_mail_from,
    "mail_user": _parse_text,
    "mail_password": _parse_text,
    "mail_password_file": _parse_path,
    "webhook_networks": _parse_networks,
    "log_level": _parse_log_level,
    "url": _parse_address,
    "token": _parse_text,
}
