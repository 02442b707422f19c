"""The organization's own way of asking for licenses, which takes the place of the form (R-12)."""

from __future__ import annotations

from dataclasses import dataclass

from seatwright.app.call import Call
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.settings import setting_value

_PLAIN = "This organization has a process of its own for asking for licenses."


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnProcess:
    """What people read instead of the form, and where they go."""

    message: str
    url: str | None

    def refusal(self) -> Refusal:
        """The answer to who asks here; requests that were made before stay (R-13)."""
        where = "" if self.url is None else f" Ask at {self.url}."
        return Refusal(
            Reason.OWN_PROCESS,
            f"{self.message}{where}",
            context={"message": self.message, "url": self.url},
        )


def own_process(call: Call) -> OwnProcess | None:
    """The process that the tenant's settings say; None: requests are made here (R-14)."""
    settings = call.tenant.settings
    message, url = setting_value(settings, "requestMessage"), setting_value(settings, "requestUrl")
    if message is None and url is None:
        return None
    return OwnProcess(
        message=_PLAIN if message is None else str(message), url=None if url is None else str(url)
    )
