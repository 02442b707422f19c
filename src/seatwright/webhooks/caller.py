"""Posting events, signed as Standard Webhooks say (webhook-id, webhook-timestamp, -signature)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

import httpx
from standardwebhooks import Webhook

from seatwright.domain.outgoing import NotTaken, WebhookCall
from seatwright.webhooks.addresses import Network, resolve

TIMEOUT_SECONDS: Final = 15.0
"""For one call in all, from asking for the address to the answer's head.

The specification advises 15 to 30 seconds; whoever needs longer answers first and works then.
"""

_SECONDS_MAX: Final = 86_400

GONE: Final = 410
"""With this status a receiver says that it wants no more calls, ever."""


class HttpCaller:
    """Posts events; opens its client at the first call."""

    __slots__ = ("_allowed", "_client", "_seconds")

    def __init__(
        self, *, allowed: Sequence[Network] = (), seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self._allowed = tuple(allowed)
        self._seconds = seconds
        self._client: httpx.AsyncClient | None = None

    async def call(self, call: WebhookCall) -> int:
        """Post one event; answers the status, which says that it was taken.

        Raises NotTaken for any other, for no answer in time, and for an address that may not be
        called.
        """
        try:
            # In all: a receiver that sends a byte now and then would hold a worker for ever.
            async with asyncio.timeout(self._seconds):
                return await self._post(call)
        except TimeoutError as error:
            raise NotTaken(f"There was no answer within {self._seconds:g} seconds.") from error

    async def _post(self, call: WebhookCall) -> int:
        url = httpx.URL(call.url)
        port = url.port or (443 if url.scheme == "https" else 80)
        address = await resolve(url.host, port, allowed=self._allowed)
        try:
            # Connected to the very address that was looked at; the certificate is that of the name.
            async with self._open().stream(
                "POST",
                url.copy_with(host=address),
                content=call.body.encode(),
                headers={"host": urlsplit(call.url).netloc, **_headers(call)},
                extensions={"sni_hostname": url.host},
            ) as answer:
                status = answer.status_code
                pause = pause_in(answer.headers.get("retry-after"), now=datetime.now(UTC))
        except (httpx.HTTPError, ssl.SSLError, OSError) as error:
            said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise NotTaken(said) from error
        if not httpx.codes.is_success(status):
            reason = httpx.codes.get_reason_phrase(status)
            raise NotTaken(
                f"{status} {reason}".strip(), status=status, is_final=status == GONE, pause=pause
            )
        return status

    async def close(self) -> None:
        """Close the client."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                # Whom the machine trusts: an authority of one's own is named by SSL_CERT_FILE.
                verify=httpx.create_ssl_context(trust_env=True),
                timeout=self._seconds,
                follow_redirects=False,  # A redirect leads to where nobody has looked.
                trust_env=False,  # A proxy would resolve the name anew.
                # Connections are known by address, and two names may share one: never reuse any.
                limits=httpx.Limits(max_keepalive_connections=0),
            )
        return self._client


def pause_in(text: str | None, *, now: datetime) -> timedelta | None:
    """For how long a receiver wants to be left alone: seconds, or a date (RFC 9110, 10.2.3).

    None where it does not say, or says what is neither.
    """
    if text is None:
        return None
    if text.strip().isdecimal():
        return timedelta(seconds=min(int(text.strip()[:9]), _SECONDS_MAX))
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return max(until - now, timedelta(0))


def _headers(call: WebhookCall) -> dict[str, str]:
    """The headers of one try. The timestamp is the machine's: receivers compare it with theirs."""
    at = datetime.now(UTC)
    message_id = f"msg_{call.id.hex}"
    signatures = [Webhook(secret).sign(message_id, at, call.body) for secret in call.secrets]
    return {
        "content-type": "application/json",
        "user-agent": "seatwright",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
