"""Errors of the token endpoint, in the form of RFC 6749, 5.2 with Entra ID's AADSTS numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from seatwright.web.answers import Answer


class SignInError(Exception):
    """A refusal at the token endpoint: status, OAuth's word for it, and Entra ID's number."""

    def __init__(
        self,
        status: int,
        error: str,
        number: int,
        description: str,
        *,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        """Take what the answer says."""
        super().__init__(description)
        self.status = status
        self.error = error
        self.number = number
        self.description = description
        self.headers = headers

    @property
    def is_wrong_guess(self) -> bool:
        """Whether the credentials were wrong."""
        return self.error == "invalid_client"

    def answer(self, trace: str, *, now: datetime) -> Answer:
        """The error on the wire."""
        stamp = now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        said = (
            f"AADSTS{self.number}: {self.description} Trace ID: {trace}"
            f" Correlation ID: {trace} Timestamp: {stamp}"
        )
        body: dict[str, Any] = {
            "error": self.error,
            "error_description": said,
            "error_codes": [self.number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": trace,
        }
        headers = [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"cache-control", b"no-store"),
            *self.headers,
        ]
        if self.status == 401:
            headers.append((b"www-authenticate", b'Basic realm="token"'))
        return Answer(self.status, headers, msgspec.json.encode(body))


def invalid_request(number: int, description: str) -> SignInError:
    """400: something is missing or malformed."""
    return SignInError(400, "invalid_request", number, description)


def wrong_client(client_id: str, *, is_suspended: bool = False) -> SignInError:
    """401, the same for an unknown client and for a wrong secret: nobody learns which it was."""
    if is_suspended:
        return SignInError(
            401,
            "unauthorized_client",
            7000112,
            f"Application '{client_id[:60]}' is disabled: its tenant is suspended.",
        )
    return SignInError(
        401,
        "invalid_client",
        7000215,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client"
        f" secret value, for a secret added to app '{client_id[:60]}'.",
    )


def unknown_tenant(named: str) -> SignInError:
    """400: the path names no tenant, or one that the client does not belong to."""
    return SignInError(
        400,
        "invalid_request",
        90002,
        f"Tenant '{named[:120]}' not found. Check to make sure you have the correct tenant ID and"
        " are signing into the correct cloud.",
    )


def only_post(method: str, *, others: tuple[str, ...] = ("POST",)) -> SignInError:
    """405."""
    return SignInError(
        405,
        "invalid_request",
        900561,
        f"The endpoint only accepts {others[0]} requests. Received a {method[:20]} request.",
        headers=((b"allow", ", ".join(others).encode()),),
    )


def too_large() -> SignInError:
    """413."""
    return SignInError(413, "invalid_request", 90013, "The request body is larger than 64 KiB.")


def too_many_guesses(wait_seconds: int) -> SignInError:
    """429: too many wrong secrets."""
    return SignInError(
        429,
        "temporarily_unavailable",
        90055,
        f"Too many wrong secrets for this app from this address. Wait {wait_seconds} seconds.",
        headers=((b"retry-after", str(wait_seconds).encode()),),
    )


def nobody_signs_in_here() -> SignInError:
    """400: people do not sign in here, and so there is no page for it."""
    return SignInError(
        400,
        "unsupported_response_type",
        70005,
        "Nobody signs in on a page here: apps get a token with client credentials, at the token"
        " endpoint.",
    )


def bug() -> SignInError:
    """500: a mistake of ours."""
    return SignInError(
        500,
        "server_error",
        90099,
        "seatwright could not finish this call. The correlation id finds the cause in the logs.",
    )


def unavailable() -> SignInError:
    """503: the database cannot be reached."""
    return SignInError(
        503,
        "temporarily_unavailable",
        90033,
        "A transient error has occurred. Please try again.",
        headers=((b"retry-after", b"1"),),
    )
