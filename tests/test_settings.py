"""Settings: what is read, what is refused, and in which words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.settings import (
    OffsetClock,
    Settings,
    SettingsError,
    documented_settings,
    format_duration,
    parse_duration,
)


def test_an_empty_environment_serves_on_loopback_from_the_default_directory() -> None:
    settings = Settings.from_environment({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.data_dir.name == "seatwright"
    assert settings.resolved_public_url == "http://127.0.0.1:8080"
    assert settings.public_host == "127.0.0.1:8080"


def test_an_empty_variable_counts_as_not_set() -> None:
    assert Settings.from_environment({"SEATWRIGHT_PORT": ""}).port == 8080


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("HOST", "somewhere", "IP address"),
        ("PORT", "eighty", "from 0 to 65535"),
        ("PORT", "70000", "from 0 to 65535"),
        ("DATA_DIR", "data", "absolute path"),
        ("DATABASE_URL", "mysql://root@/x", "connection string"),
        ("PUBLIC_URL", "licenses.example.com", "https://"),
        ("PUBLIC_URL", "https://example.com/licenses", "without a path"),
        ("RATE_LIMIT", "many", "`off`"),
        ("CLOCK_OFFSET", "P1M", "P31D"),
        ("CLOCK_OFFSET", "P", "P31D"),
        ("WORKERS", "0", "from 1 to 64"),
        ("OIDC_ISSUER", "http://login.example.com", "http:// is taken on this machine only"),
        ("OIDC_ISSUER", "https://login.example.com/?tenant=1", "as its tokens have it"),
        ("OIDC_ISSUER", "https://login.example.com", "SEATWRIGHT_OIDC_CLIENT_ID is not"),
        ("OIDC_REDIRECT_URI", "https://licenses.example.com/back", "/auth/callback"),
        ("LOG_LEVEL", "loud", "debug, info, warning, error"),
    ],
)
def test_a_bad_value_is_named_with_the_rule(name: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({f"SEATWRIGHT_{name}": value})
    assert f"SEATWRIGHT_{name}" in str(refused.value)
    assert says in str(refused.value)


def test_a_refused_connection_string_is_not_repeated_in_the_message() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({"SEATWRIGHT_MIGRATE_URL": "me:secret@host"})
    assert "secret" not in str(refused.value)


def test_settings_survive_the_way_to_a_child_process() -> None:
    settings = Settings(
        host="::1",
        port=9000,
        data_dir=Path("/srv/seatwright"),
        database_url="postgresql://app@db/seatwright",
        rate_limit=5000,
        clock_offset=timedelta(days=-3, seconds=7),
        workers=3,
    )
    assert Settings.from_environment(settings.to_environment()) == settings


def test_an_address_of_version_6_is_written_in_brackets() -> None:
    assert Settings(host="::", port=81).resolved_public_url == "http://[::1]:81"


def test_the_token_is_not_shown() -> None:
    assert "secret" not in repr(Settings(token="secret"))


@given(st.timedeltas(timedelta(days=-9999), timedelta(days=9999)))
def test_every_duration_is_read_as_it_was_written(value: timedelta) -> None:
    whole = timedelta(days=value.days, seconds=value.seconds)
    assert parse_duration("X", format_duration(whole)) == whole


def test_the_clock_is_moved_by_its_offset() -> None:
    moved = OffsetClock(timedelta(days=31)).now()
    assert timedelta(days=30) < moved - datetime.now(UTC) <= timedelta(days=31)


def test_every_setting_is_documented() -> None:
    documented = {one.variable: one.text for one in documented_settings()}
    assert "absolute" not in documented["SEATWRIGHT_PORT"]
    assert documented["SEATWRIGHT_CLOCK_OFFSET"].startswith("Moves the clock")
    assert all(text.endswith(".") for text in documented.values())
