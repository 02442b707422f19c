"""Clients with fixed hosts, unmodified: a proxy that leads Microsoft's two hosts to this machine.

A TLS front with a certificate authority that lives as long as the test, and a proxy that maps
`graph.microsoft.com` and `login.microsoftonline.com` to it and refuses every other host
(`interfaces.md`, "Fixed hosts"). Tunnels (CONNECT) go to the front; a request in absolute form, as
axios sends it to a proxy, goes to the server behind it as the front would send it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from litestar.types import ASGIApp

HOSTS = ("graph.microsoft.com", "login.microsoftonline.com")

_TUNNEL = re.compile(rb"CONNECT ([^ :]+):443 HTTP/1\.[01]\r\n")
_ABSOLUTE = re.compile(rb"([A-Z]+) https?://([^/ :]+)(?::443)?(/[^ ]*) HTTP/1\.1\r\n")


@dataclass(slots=True, kw_only=True)
class FixedHosts:
    """Where the proxy listens, who signed its front, and what it refused.

    `front` is the front itself, for clients that take an address; `plain` is the server behind it.
    """

    proxy: str
    front: str
    plain: str
    authority: Path
    refused: list[str] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """The environment in which clients find the hosts here, and trust them."""
        proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY"), self.proxy)
        trust = dict.fromkeys(
            ("NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), str(self.authority)
        )
        return {**os.environ, **proxies, **trust, "NO_PROXY": "127.0.0.1,localhost"}


@contextlib.contextmanager
def fixed_hosts(app: Callable[[], ASGIApp], folder: Path) -> Iterator[FixedHosts]:
    """Serve an app under Microsoft's hosts until the block ends.

    `app` makes one: the front and the server behind it have an event loop each.
    """
    authority, chain, key = _certificates(folder)
    with (
        _served(app(), certificate=chain, key=key) as front,
        _served(app()) as plain,
        _proxy(front=front, plain=plain, authority=authority) as hosts,
    ):
        yield hosts


@contextlib.contextmanager
def _served(
    app: ASGIApp, *, certificate: Path | None = None, key: Path | None = None
) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app,
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="critical",
            ssl_certfile=None if certificate is None else str(certificate),
            ssl_keyfile=None if key is None else str(key),
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(timeout=30)


def _certificates(folder: Path) -> tuple[Path, Path, Path]:
    """An authority of its own, and a certificate for both hosts that it signed."""
    root_key, root = _signed("seatwright tests", None, None)
    host_key, host = _signed(HOSTS[0], root_key, root)
    files = folder / "authority.pem", folder / "hosts.pem", folder / "hosts.key"
    files[0].write_bytes(root.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(host.public_bytes(serialization.Encoding.PEM))
    files[2].write_bytes(
        host_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


def _signed(
    name: str, by_key: ec.EllipticCurvePrivateKey | None, by: x509.Certificate | None
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    signing = by_key or key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if by is None else by.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()),
            critical=False,
        )
    )
    if by is None:
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        builder = builder.add_extension(usage, critical=True)
    else:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in (*HOSTS, "localhost")])
        builder = builder.add_extension(names, critical=False)
    return key, builder.sign(signing, hashes.SHA256())


@contextlib.contextmanager
def _proxy(*, front: int, plain: int, authority: Path) -> Iterator[FixedHosts]:
    hosts = FixedHosts(
        proxy="",
        front=f"https://localhost:{front}",
        plain=f"http://127.0.0.1:{plain}",
        authority=authority,
    )
    is_ready = threading.Event()
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        stop = asyncio.Event()
        running.append((asyncio.get_running_loop(), stop))

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                    await _handle(reader, writer, hosts=hosts, front=front, plain=plain)
            finally:
                writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        hosts.proxy = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        is_ready.set()
        await stop.wait()
        server.close()

    # Tunnels that clients left open end with the loop.
    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert is_ready.wait(30), "the proxy did not start"
    try:
        yield hosts
    finally:
        ((loop, stop),) = running
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=10)


async def _handle(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    *,
    hosts: FixedHosts,
    front: int,
    plain: int,
) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    tunnel, absolute = _TUNNEL.match(head), _ABSOLUTE.match(head)
    host = (tunnel[1] if tunnel else absolute[2] if absolute else b"?").decode()
    if host not in HOSTS:
        hosts.refused.append(host)
        writer.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        return
    upstream, away = await asyncio.open_connection("127.0.0.1", front if tunnel else plain)
    try:
        await _join(head, (reader, writer), (upstream, away))
    finally:
        away.close()


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _join(head: bytes, client: Ends, server: Ends) -> None:
    """Greet both ends, and carry everything between them until both are done."""
    tunnel, absolute = _TUNNEL.match(head), _ABSOLUTE.match(head)
    (reader, writer), (upstream, away) = client, server
    if tunnel:
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    elif absolute:
        line = b"%s %s HTTP/1.1\r\nx-forwarded-proto: https\r\nconnection: close\r\n" % (
            absolute[1],
            absolute[3],
        )
        rest = re.sub(rb"(?im)^(proxy-)?connection:.*\r\n", b"", head[absolute.end() :])
        away.write(line + rest)
    await asyncio.gather(_pipe(reader, away), _pipe(upstream, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()
