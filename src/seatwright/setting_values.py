"""How the text of each setting is read: its value, or a sentence that says what to give."""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from seatwright.domain.mail_addresses import is_mail_address

PREFIX: Final = "SEATWRIGHT_"
_LOG_LEVELS: Final = ("debug", "info", "warning", "error")
_MAIL_SECURITY: Final = ("starttls", "tls", "none")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_CALLBACK: Final = "/auth/callback"
_DURATION: Final = re.compile(
    r"(?P<sign>[+-]?)P(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,6})M)?(?:(?P<seconds>\d{1,9})S)?)?"
)


class SettingsError(Exception):
    """A setting's value is not acceptable; the message names it, the rule and the fix."""


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


def parse_host(name: str, text: str) -> str:
    """An IP address of this machine."""
    if text == "localhost":
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        raise SettingsError(
            f"{name} is {text!r}, which is no address of this machine. Give an IP address: "
            "127.0.0.1 for this machine only, 0.0.0.0 for every network."
        ) from None


def parse_integer(name: str, text: str, *, least: int, most: int) -> int:
    """A whole number within bounds."""
    if text.isascii() and text.isdigit() and least <= int(text) <= most:
        return int(text)
    raise SettingsError(f"{name} is {text!r}. Give a whole number from {least} to {most}.")


def parse_rate_limit(name: str, text: str) -> int | None:
    """A number of requests a second, or None for `off`."""
    if text.lower() == "off":
        return None
    try:
        return parse_integer(name, text, least=1, most=1_000_000)
    except SettingsError as refused:
        raise SettingsError(f"{refused} Or `off` for no limit.") from None


def parse_path(name: str, text: str) -> Path:
    """An absolute path."""
    path = Path(text).expanduser()
    if not path.is_absolute():
        # Relative to whatever directory a service starts in, it would be another place each time.
        raise SettingsError(f"{name} is {text!r}. Give an absolute path, beginning with /.")
    return path


def parse_postgres(name: str, text: str) -> str:
    """A connection string of PostgreSQL."""
    # libpq also takes `host=… dbname=…`, which the processes started by serve understand as well.
    if text.startswith(("postgresql://", "postgres://")) or re.match(r"\w+\s*=", text):
        return text
    raise SettingsError(
        f"{name} is no connection string of PostgreSQL. Write "
        "postgresql://USER:PASSWORD@HOST:PORT/DATABASE (the value is not shown: it may hold a "
        "password)."
    )


def parse_address(name: str, text: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(text)
    if parts.scheme in ("http", "https") and parts.netloc and parts.path in ("", "/"):
        return text.rstrip("/")
    raise SettingsError(
        f"{name} is {text!r}. Give scheme, host and port without a path, for example "
        "https://licenses.example.com."
    )


def parse_mail_security(name: str, text: str) -> str:
    """How a connection to a mail server is kept private."""
    if text.lower() in _MAIL_SECURITY:
        return text.lower()
    raise SettingsError(f"{name} is {text!r}. Give one of {', '.join(_MAIL_SECURITY)}.")


def parse_mail_from(name: str, text: str) -> str:
    """One mail address, with a name or without."""
    _, address = parseaddr(text)
    if text.isprintable() and is_mail_address(address):
        return text
    raise SettingsError(
        f"{name} is {text!r}. Give one mail address, with a name or without: "
        "Licenses <licenses@example.com>."
    )


def parse_networks(name: str, text: str) -> str:
    """Networks with commas in between."""
    try:
        return ",".join(str(ipaddress.ip_network(one.strip())) for one in text.split(","))
    except ValueError as error:
        raise SettingsError(
            f"{name} is {text!r}: {error}. Give networks with commas in between, for example "
            "10.20.0.0/16,192.168.4.0/24."
        ) from None


def parse_log_level(name: str, text: str) -> str:
    """The least important lines to write."""
    if text.lower() in _LOG_LEVELS:
        return text.lower()
    raise SettingsError(f"{name} is {text!r}. Give one of {', '.join(_LOG_LEVELS)}.")


def parse_text(_name: str, text: str) -> str:
    """Whatever is given."""
    return text


def parse_issuer(name: str, text: str) -> str:
    """The address of an identity provider, exactly as its tokens name it."""
    parts = urlsplit(text)
    is_private = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if is_private and parts.netloc and not parts.query and not parts.fragment:
        return text
    raise SettingsError(
        f"{name} is {text!r}. Give the issuer's address as its tokens have it, beginning with"
        " https://, for example https://login.example.com/realms/staff (http:// is taken on this"
        " machine only: localhost, 127.0.0.1 or [::1])."
    )


def parse_redirect(name: str, text: str) -> str:
    """Where the identity provider sends people back to."""
    parts = urlsplit(text)
    if parts.scheme in ("http", "https") and parts.netloc and parts.path == _CALLBACK:
        return text
    raise SettingsError(
        f"{name} is {text!r}. Give the address by which people reach this server with the path"
        f" {_CALLBACK}, for example https://licenses.example.com{_CALLBACK}."
    )
