"""An identity provider in the process of the tests: it signs for real, and misbehaves when told.

The whole conversation with one that nobody here wrote is in `tests/clients/test_oidc_provider.py`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from seatwright.identity.oidc import IdentityProvider, OidcClient
from seatwright.settings import OffsetClock
from tests.office import HOST

CLIENT = "seatwright"
SECRET = "a secret of the client: 100%"


@dataclass
class Issuer:
    """What it says of whoever signs in, and how it misbehaves."""

    claims: dict[str, Any]
    port: int = 0
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first"}))
    in_token: dict[str, Any] = field(default_factory=dict)
    """What its tokens say instead of the truth."""
    metadata: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its name."""
        return f"http://127.0.0.1:{self.port}"

    def provider(self) -> IdentityProvider:
        """What seatwright knows it by."""
        client = OidcClient(
            issuer=self.url,
            client_id=CLIENT,
            client_secret=SECRET,
            redirect_uri=f"http://{HOST}/auth/callback",
        )
        return IdentityProvider(client, now=OffsetClock().now)

    def sign_in(self, url: str, code: str = "code") -> dict[str, str]:
        """Somebody signs in here: what their browser takes back to where it came from."""
        query = dict(parse_qsl(urlsplit(url).query))
        self.codes[code] = query
        return {"code": code, "state": query["state"], "iss": self.url}

    def answer(self, method: str, path: str, headers: Any, form: dict[str, str]) -> Any:
        """What it answers, as JSON; None for 404, and an `error` for 400."""
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return self._discovery()
        if path == "/keys":
            return KeySet([self.key]).as_dict(private=False)
        if path == "/me":
            return {"sub": "7", **self.claims}
        return self._token(headers, form) if (method, path) == ("POST", "/token") else None

    def _discovery(self) -> dict[str, Any]:
        paths = {
            "authorization": "/auth",
            "token": "/token",
            "userinfo": "/me",
            "end_session": "/bye",
        }
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/keys",
            "authorization_response_iss_parameter_supported": True,
            **{f"{name}_endpoint": self.url + path for name, path in paths.items()},
            **self.metadata,
        }

    def _token(self, headers: Any, form: dict[str, str]) -> dict[str, Any]:
        basic = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode()
        if basic != "seatwright:a%20secret%20of%20the%20client%3A%20100%25":
            return {"error": "invalid_client"}
        asked = self.codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(
            hashlib.sha256(form["code_verifier"].encode()).digest()
        ).rstrip(b"=")
        if asked is None or asked["code_challenge"].encode() != challenge:
            return {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT, "sub": "7", "iat": now, "exp": now + 60,
            "nonce": asked["nonce"], **self.in_token,
        }  # fmt: skip
        header = {"alg": "RS256", "kid": self.key.kid}
        return {
            "token_type": "Bearer",
            "access_token": "opaque",
            "id_token": jwt.encode(header, claims, self.key, algorithms=["RS256"]),
        }


@contextmanager
def issuing(**claims: Any) -> Iterator[Issuer]:
    """Serve an issuer until the block ends."""
    issuer = Issuer(claims)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._reply(dict(parse_qsl(body)))

        def _reply(self, form: dict[str, str]) -> None:
            told = issuer.answer(self.command, self.path, self.headers, form)
            body = json.dumps(told).encode()
            self.send_response(404 if told is None else 400 if "error" in told else 200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # Its name there.
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
