"""Where a caller thinks we are: the origin of links under `/v1.0` and of the token endpoint."""

from __future__ import annotations

import re
from typing import Any, Final

_HOST: Final = re.compile(r"[A-Za-z0-9._\-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")


def headers_of(scope: Any) -> dict[str, str]:
    """The headers of a call by their names in lower case."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def origin_of(scope: Any, headers: dict[str, str]) -> str:
    """The origin that the caller used (`interfaces.md`, "Links and hosts").

    Nothing hangs on a header that lies: whoever sends it gets the link.
    """
    for name in ("x-forwarded-host", "host"):
        host = headers.get(name, "").partition(",")[0].strip()
        if _HOST.fullmatch(host):
            return f"{scope['scheme']}://{host}"
    return f"{scope['scheme']}://localhost"
