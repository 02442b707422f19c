"""Debian's nginx in front of an app, configured as the how-to page has it."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from seatwright.demo.draft import DraftPurchase
from seatwright.demo.generate import generate
from tests.served import furnish, serving, wait_until

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "authorize.md"
STRANGER = "stranger@nowhere.example"
"""Whom the proxy knows, and seatwright does not."""

pytestmark = [
    pytest.mark.clients,
    pytest.mark.slow,
    pytest.mark.skipif(NGINX is None, reason="needs nginx, Debian's nginx-light, say"),
]


@dataclass(slots=True, kw_only=True)
class Front:
    """The proxy's address, and people of whom there are more than seats."""

    url: str
    people: list[str]
    api: httpx.Client

    def visit(self, person: str, **headers: str) -> httpx.Response:
        """Open the app through the proxy."""
        return httpx.get(f"{self.url}/page", auth=(person, "x"), headers=headers, timeout=30)


class _Wiki(BaseHTTPRequestHandler):
    """An app that knows nothing of licenses: it greets whom the proxy names."""

    def do_GET(self) -> None:
        """Answer one request."""
        body = f"hello {self.headers.get('X-Seatwright-User')}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _wiki() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Wiki)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def _nginx(root: Path, server: str, people: list[str]) -> Iterator[None]:
    (root / "people.htpasswd").write_text("".join(f"{one}:{{PLAIN}}x\n" for one in people))
    for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
        (root / name).mkdir()
    (root / "nginx.conf").write_text(
        "daemon off; worker_processes 1; pid nginx.pid; error_log stderr;\n"
        "events { worker_connections 64; }\n"
        "http { access_log off; client_body_temp_path body; proxy_temp_path proxy;\n"
        f"fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n{server}}}\n"
    )
    assert NGINX is not None
    command = [NGINX, "-p", str(root), "-c", "nginx.conf", "-e", "stderr"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        yield
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    """A server, an app behind nginx, twelve people and two seats."""
    root = Path(tempfile.mkdtemp(prefix="seatwright-test-nginx-"))
    # nginx's worker is another user when we are root.
    root.chmod(0o755)
    purchase = DraftPurchase(external_id="wiki", sku="SPE_E3", units=2, price=Decimal(10))
    draft = replace(generate(12, 3), purchases=(purchase,), groups=(), group_licenses=())
    people = [person.user_principal_name for person in draft.people]
    try:
        with serving(root / "data") as served, _wiki() as wiki:
            furnished = asyncio.run(furnish(served.urls.app, draft, name="Wiki"))
            headers = {"authorization": f"Bearer {furnished.token}"}
            with httpx.Client(base_url=served.url, headers=headers, timeout=60) as api:
                token = _set_up(api)
                port = _free_port()
                server = _configured(served.url, token=token, port=port, wiki=wiki)
                (root / "nginx").mkdir(mode=0o755)
                with _nginx(root / "nginx", server, [*people, STRANGER]):
                    found = Front(url=f"http://127.0.0.1:{port}", people=people, api=api)
                    wait_until(lambda: _answers(found.url), seconds_max=20)
                    yield found
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 401
    except httpx.TransportError:
        return False


def _set_up(api: httpx.Client) -> str:
    """The app, its policy and the proxy's token."""
    made = api.post(
        "/api/platform/apps",
        json={"displayName": "Wiki", "kind": "other", "requires": [{"skuPartNumber": "SPE_E3"}]},
    )
    assert made.status_code == 201, made.text
    shared = api.post("/api/platform/apps/Wiki/shares", json={"everyone": True})
    assert shared.status_code == 200, shared.text
    assert api.patch("/api/auto-claim/settings", json={"enabled": True}).status_code == 200
    policy = {
        "name": "Wiki",
        "app": made.json()["id"],
        "products": [{"skuPartNumber": "SPE_E3"}],
    }
    answer = api.post("/api/auto-claim/policies", json=policy)
    assert answer.status_code == 201, answer.text
    token = api.post("/api/tokens", json={"name": "proxy", "roles": ["app-gateway"]})
    return str(token.json()["token"])


def _configured(url: str, *, token: str, port: int, wiki: int) -> str:
    """The page's own configuration, with the addresses and the token of this test."""
    blocks = re.findall(r"```nginx\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 1
    text: str = blocks[0]
    for old, new in (
        ("http://127.0.0.1:8080", url),
        ("http://127.0.0.1:8091", f"http://127.0.0.1:{wiki}"),
        ("127.0.0.1:8090", f"127.0.0.1:{port}"),
        ("Bearer TOKEN", f"Bearer {token}"),
    ):
        assert old in text
        text = text.replace(old, new)
    return text


def test_who_opens_the_app_is_licensed_and_greeted_by_name(front: Front) -> None:
    person = front.people[0]
    for _ in range(3):
        page = front.visit(person)
        assert (page.status_code, page.text) == (200, f"hello {person}")
    held = front.api.get(f"/api/identity/users/{person}/licenses").json()["value"]
    assert [one["skuPartNumber"] for one in held] == ["SPE_E3"]
    assert held[0]["sources"][0]["strategy"] == "on_demand"


def test_who_finds_no_seat_is_led_to_ask_for_one(front: Front) -> None:
    assert front.visit(front.people[1]).status_code == 200
    refused = front.visit(front.people[2])
    assert refused.status_code == 302
    assert refused.headers["x-seatwright-reason"] == "noSeatLeft"
    assert "/requests/new?" in refused.headers["location"]


def test_whom_nobody_knows_is_refused_and_led_nowhere(front: Front) -> None:
    refused = front.visit(STRANGER)
    assert refused.status_code == 403
    assert refused.headers["x-seatwright-reason"] == "unknownUser"


def test_a_browser_cannot_say_that_it_is_somebody_else(front: Front) -> None:
    named = {"X-Seatwright-User": front.people[0]}
    assert front.visit(front.people[3], **named).status_code == 302
    stranger = httpx.get(front.url, headers=named, timeout=30)
    assert stranger.status_code == 401
