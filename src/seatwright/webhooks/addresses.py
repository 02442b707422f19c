"""Where a webhook may lead: to the internet, and to private networks only where that is allowed.

Whoever may add a webhook chooses an address that this machine calls. What only this machine can
reach (its own ports, its network, a cloud's metadata) must not become reachable so.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import Final, TypeAlias

from seatwright.domain.outgoing import NotTaken

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


async def resolve(host: str, port: int, *, allowed: Sequence[Network]) -> str:
    """The address to connect to, the same that was looked at: a name could change its mind.

    Raises NotTaken for a name that nobody knows, or one that leads to where it may not.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotTaken(f"{host} has no address: {error}") from error
    addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    for address in addresses:
        if not may_call(address, allowed=allowed):
            raise NotTaken(
                # Which one is nobody's business who may only add webhooks.
                f"{host} leads into a private network, not to the internet. The setting"
                " SEATWRIGHT_WEBHOOK_NETWORKS allows private networks."
            )
    if not addresses:
        raise NotTaken(f"{host} has no address.")
    return str(addresses[0])


def may_call(address: IpAddress, *, allowed: Sequence[Network]) -> bool:
    """Whether an address is on the internet, or in a network that was allowed.

    An IPv4 address inside an IPv6 one counts as what it leads to.
    """
    inner = _inner(address)
    if any(one.version == inner.version and inner in one for one in allowed):
        return True
    return inner.is_global and not inner.is_multicast


def _inner(address: IpAddress) -> IpAddress:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address
