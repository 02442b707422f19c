"""What a client sends to the token endpoint (RFC 6749, 4.4.2), read and checked."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote_plus
from uuid import UUID

from seatwright.web.graph.sign_in_errors import SignInError, invalid_request, wrong_client

_SCOPE_END: Final = "/.default"
_FIELDS_MAX: Final = 100
_SCOPE_LENGTH_MAX: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A client that wants a token for an audience."""

    client_id: str
    client_secret: str = field(repr=False)
    audience: str


def token_request_of(content: bytes, headers: Mapping[str, str]) -> TokenRequest:
    """Read a request; what libraries send beside the grant is ignored.

    Raises SignInError for anything but client credentials with a scope that ends in `/.default`.
    """
    fields = _fields(content)
    grant = fields.get("grant_type", "")
    if not grant:
        raise invalid_request(
            900144, "The request body must contain the following parameter: 'grant_type'."
        )
    if grant != "client_credentials":
        raise SignInError(
            400,
            "unsupported_grant_type",
            70003,
            f"The app requested an unsupported grant type '{grant[:60]}'. Use client_credentials.",
        )
    client_id, secret = _credentials(fields, headers)
    return TokenRequest(
        client_id=_guid(client_id),
        client_secret=secret,
        audience=_audience(fields.get("scope", "")),
    )


def _fields(content: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            content.decode("utf-8"), keep_blank_values=True, max_num_fields=_FIELDS_MAX
        )
    except (ValueError, UnicodeDecodeError):
        raise invalid_request(900144, "The request body is no form.") from None
    return dict(pairs)


def _credentials(fields: Mapping[str, str], headers: Mapping[str, str]) -> tuple[str, str]:
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return _basic(encoded.strip())
    client_id, secret = fields.get("client_id", ""), fields.get("client_secret", "")
    if not client_id:
        raise invalid_request(
            900144, "The request body must contain the following parameter: 'client_id'."
        )
    if not secret:
        raise SignInError(
            401,
            "invalid_client",
            7000218,
            "The request body must contain the following parameter: 'client_secret'. Certificates"
            " and assertions are not taken here.",
        )
    return client_id, secret


def _basic(encoded: str) -> tuple[str, str]:
    """Id and secret of a Basic header; both are form-encoded in it (RFC 6749, 2.3.1)."""
    try:
        text = base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise wrong_client("") from None
    client_id, _, secret = text.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def _guid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise wrong_client(text) from None


def _audience(scope: str) -> str:
    scopes = [one for one in scope.split() if one not in {"openid", "profile", "offline_access"}]
    if not scopes:
        raise invalid_request(
            900144, "The request body must contain the following parameter: 'scope'."
        )
    one = scopes[0]
    if len(scopes) > 1 or not one.endswith(_SCOPE_END) or len(one) > _SCOPE_LENGTH_MAX:
        raise SignInError(
            400,
            "invalid_scope",
            1002012,
            f"The provided value for scope {scope[:200]} is not valid. Client credential flows must"
            " have a scope value with /.default suffixed to the resource identifier.",
        )
    return one.removesuffix(_SCOPE_END)
