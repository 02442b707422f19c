"""Access tokens of API clients, and the keys that sign them.

A token is a JWT that a key of the tenant signed, so that anybody can check it by the published
keys. seatwright itself knows it by its digest, which is stored like that of any other secret: a
token ends the moment its client is revoked or gets another secret, and no key that leaks lets
anybody in here.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from seatwright.app.call import Call
from seatwright.app.record import record
from seatwright.domain.graph_permissions import implied_by
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.tenants import Principal
from seatwright.identity.secrets import digest_of
from seatwright.identity.signing import Signer, new_key
from seatwright.postgres.signing_keys import (
    SigningKey,
    forget_old_keys,
    insert_access_token,
    insert_signing_key,
    read_signing_keys,
    withdraw_keys,
)
from seatwright.postgres.tenants import take_numbers

TOKEN_LIVES: Final = timedelta(hours=1)
"""As Entra ID's tokens do."""

KEY_SIGNS: Final = timedelta(days=30)
"""How long a key signs before the next one takes over."""

KEY_AHEAD: Final = timedelta(days=1)
"""How long a key is published before it signs: whoever keeps the keys for a day knows it then."""

_SIGNERS_MAX: Final = 64
_signers: OrderedDict[str, Signer] = OrderedDict()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A signed token, and how long it is good."""

    token: str
    seconds: int


async def issue_access_token(call: Call, *, audience: str, issuer: str) -> AccessToken:
    """Sign a token for the call's own principal, and remember its digest until it ends."""
    claims = _claims(call.principal, call, audience=audience, issuer=issuer)
    while True:
        key = await _key_that_signs(call)
        token = _signer(key).sign(claims)
        is_stored = await insert_access_token(
            call.tx,
            call.principal.principal_no,
            digest=digest_of(token),
            key_no=key.key_no,
            created_at=call.now,
            expires_at=call.now + TOKEN_LIVES,
        )
        if is_stored:
            return AccessToken(token=token, seconds=int(TOKEN_LIVES.total_seconds()))
        # The key was withdrawn at this very moment: the one that came after it signs.


def _claims(principal: Principal, call: Call, *, audience: str, issuer: str) -> dict[str, Any]:
    """What the token says: the claims that clients show and store (`interfaces.md`).

    Never `idtyp: "app"`: the CLI for Microsoft 365 refuses some commands to such tokens.
    """
    now = int(call.now.timestamp())
    permissions = principal.graph_permissions
    return {
        "aud": audience,
        "iss": issuer,
        "iat": now,
        "nbf": now,
        "exp": now + int(TOKEN_LIVES.total_seconds()),
        "app_displayname": principal.name,
        "appid": str(principal.id),
        "oid": str(principal.id),
        "sub": str(principal.id),
        "tid": str(call.tenant.id),
        "roles": list(permissions if permissions is not None else implied_by(principal.roles)),
        # Two tokens of one second must not be the same one.
        "uti": uuid4().hex,
        "ver": "1.0",
    }


def _signer(key: SigningKey) -> Signer:
    known = _signers.get(key.kid)
    if known is None:
        known = _signers[key.kid] = Signer(kid=key.kid, private_key=key.private_key)
        while len(_signers) > _SIGNERS_MAX:
            _signers.popitem(last=False)
    return known


def current_key(keys: tuple[SigningKey, ...], at: datetime) -> SigningKey | None:
    """The newest key that signs by now."""
    signing = [key for key in keys if key.signs_from <= at]
    return signing[-1] if signing else None


def is_next_due(keys: tuple[SigningKey, ...], at: datetime) -> bool:
    """Whether the newest key is near its end, and none is there to follow it."""
    return not keys or keys[-1].signs_from + KEY_SIGNS - KEY_AHEAD <= at


async def _key_that_signs(call: Call) -> SigningKey:
    keys = await read_signing_keys(call.tx)
    current = current_key(keys, call.now)
    if current is not None and not is_next_due(keys, call.now):
        return current
    made = await _make_key(call, signs_at_once=current is None)
    return current or made


async def _make_key(call: Call, *, signs_at_once: bool) -> SigningKey:
    """Make a key, unless another call has just made one."""
    # The number's row is locked from here on: of two calls the second finds the first one's key.
    key_no = await take_numbers(call.tx, "signing_key", 1)
    keys = await read_signing_keys(call.tx)
    if not is_next_due(keys, call.now):
        return current_key(keys, call.now) or keys[-1]
    signs_from = call.now if signs_at_once else call.now + KEY_AHEAD
    return await _store_key(call, key_no, signs_from=signs_from)


async def _store_key(call: Call, key_no: int, *, signs_from: datetime) -> SigningKey:
    pair = await asyncio.to_thread(new_key)
    key = SigningKey(
        key_no=key_no,
        kid=pair.kid,
        private_key=pair.private_key,
        public_key=pair.public_key,
        created_at=call.now,
        signs_from=signs_from,
    )
    await insert_signing_key(call.tx, key)
    await forget_old_keys(call.tx, before=call.now - KEY_AHEAD)
    detail = {"kid": key.kid, "signsFrom": signs_from.isoformat()}
    await record(call, HistoryLine(action=HistoryAction.SIGNING_KEY_CREATED, detail=detail))
    return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """A key that was made by hand, and how many living tokens ended with the ones before it."""

    key: SigningKey
    tokens_ended: int


async def rotate_signing_key(call: Call, *, withdraw: bool) -> Rotated:
    """Make a key that signs from now on.

    The ones before it stay published until what they signed is over; with `withdraw`, which is for
    a key that leaked, they and every token that they signed end at once.
    """
    key_no = await take_numbers(call.tx, "signing_key", 1)
    key = await _store_key(call, key_no, signs_from=call.now)
    if not withdraw:
        return Rotated(key=key, tokens_ended=0)
    ended = await withdraw_keys(call.tx, before=key_no, at=call.now)
    detail = {"tokensEnded": ended}
    await record(call, HistoryLine(action=HistoryAction.SIGNING_KEYS_WITHDRAWN, detail=detail))
    return Rotated(key=key, tokens_ended=ended)


async def list_signing_keys(call: Call) -> tuple[SigningKey, ...]:
    """Keys that were not withdrawn, oldest first."""
    return await read_signing_keys(call.tx)
