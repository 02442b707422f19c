"""One call of the Graph surface as a route sees it, and the answers that a route makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote

import msgspec

from seatwright.app.call import Call
from seatwright.domain.graph_permissions import GraphPermission
from seatwright.web.answers import Answer
from seatwright.web.graph.envelope import JSON, GraphError, bad_request, unsupported_query
from seatwright.web.graph.paths import link, options_of, segments_of

JsonObject = dict[str, Any]

UNREADABLE: Final = (
    "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is"
    " of valid JSON format."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a client sent, over HTTP or as a step of a batch, before it is known who it is.

    `version` is `v1.0` or `beta`; `path` is what came after it, as it was written; `options` are
    the query's (`paths.options_of`), header names are in lower case. `fault` is why path or query
    cannot be read: it is told to those who may call at all.
    """

    method: str
    version: str
    path: str
    headers: Mapping[str, str]
    origin: str
    segments: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    content: bytes = field(default=b"", repr=False)
    fault: GraphError | None = None

    def at(self, path: str, query: str) -> Sent:
        """The same with path and query read, or with the fault that they have."""
        try:
            return replace(self, segments=segments_of(path), options=options_of(query))
        except GraphError as error:
            return replace(self, fault=error)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphRequest:
    """A call that may run its route: `keys` are what the path's parameters stand for."""

    call: Call
    sent: Sent
    keys: Mapping[str, str]

    def option(self, name: str) -> str | None:
        """A query option by its name in lower case, `$select` say."""
        return self.sent.options.get(name)

    @property
    def is_eventual(self) -> bool:
        """Whether the call says `ConsistencyLevel: eventual`, which advanced queries need."""
        return self.sent.headers.get("consistencylevel", "").strip().lower() == "eventual"

    @property
    def is_counted(self) -> bool:
        """Whether the call says `$count=true`."""
        return (self.option("$count") or "").strip().lower() == "true"

    def may(self, *permissions: GraphPermission) -> bool:
        """Whether the caller has one of these Graph permissions, named or implied by roles."""
        return self.call.principal.may_in_graph(permissions)

    def refuse_options(self, *names: str) -> None:
        """Refuse options that this resource does not have.

        Raises GraphError Request_UnsupportedQuery, naming the first.
        """
        for name in names:
            if name in self.sent.options:
                raise unsupported_query(
                    f"The query option '{name}' is not supported for this resource."
                )

    def json(self) -> JsonObject:
        """The body, with names in lower case and without OData's own members (`@odata.type` …).

        Members that bind (`members@odata.bind`) stay. Raises GraphError Request_BadRequest for a
        body that is no JSON object.
        """
        try:
            body = msgspec.json.decode(self.sent.content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise bad_request(UNREADABLE) from None
        if not isinstance(body, dict):
            raise bad_request(UNREADABLE)
        plain: JsonObject = _plain(body)
        return plain

    def context(self, fragment: str) -> str:
        """`@odata.context`: where the description of an answer's type would be."""
        return f"{self.sent.origin}/{self.sent.version}/$metadata#{fragment}"

    def url(self, *segments: str) -> str:
        """An absolute URL of a resource, on the caller's origin."""
        path = "/".join(quote(segment, safe="@") for segment in segments)
        return f"{self.sent.origin}/{self.sent.version}/{path}"

    def next_link(self, token: str, *, name: str = "$skiptoken") -> str:
        """The link to what comes after this page: the same call with a token in place of any."""
        kept = {
            option: value
            for option, value in self.sent.options.items()
            if option not in {"$skiptoken", "$deltatoken"}
        }
        path = "/" + "/".join(part for part in self.sent.path.split("/") if part)
        return link(self.sent.origin, f"/{self.sent.version}{path}", {**kept, name: token})

    def entity(self, shape: Mapping[str, Any], fragment: str, *, status: int = 200) -> Answer:
        """One thing, with its context first."""
        return json_answer({"@odata.context": self.context(fragment), **shape}, status=status)

    def collection(
        self,
        rows: Iterable[Any],
        fragment: str,
        *,
        next_link: str | None = None,
        count: int | None = None,
        delta_link: str | None = None,
    ) -> Answer:
        """A page of things."""
        body: JsonObject = {"@odata.context": self.context(fragment)}
        if count is not None:
            body["@odata.count"] = count
        if next_link is not None:
            body["@odata.nextLink"] = next_link
        if delta_link is not None:
            body["@odata.deltaLink"] = delta_link
        body["value"] = list(rows)
        return json_answer(body)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name.casefold(): _plain(one)
            for name, one in value.items()
            if "@" not in name or name.casefold().endswith("@odata.bind")
        }
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value


def json_answer(body: Any, *, status: int = 200) -> Answer:
    """An answer of JSON; dates and ids are written as OData has them."""
    return Answer(status, [JSON], msgspec.json.encode(body))


def no_content() -> Answer:
    """204."""
    return Answer(204, [], b"")


def text_answer(text: str) -> Answer:
    """Plain text, as `/$count` answers."""
    return Answer(200, [(b"content-type", b"text/plain")], text.encode())
