"""A file in the body of a call: plain `text/csv`, or the `file` of a multipart form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from litestar import Request
from litestar.datastructures import UploadFile

from seatwright.domain.errors import Reason, Refusal

CSV_TYPES = frozenset({"text/csv", "text/plain", "application/csv", "application/vnd.ms-excel"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """The bytes of the file, and the other fields of the form that it came in."""

    content: bytes
    fields: Mapping[str, str] = field(default_factory=dict)


async def read_upload(request: Request[Any, Any, Any]) -> Upload:
    """The file of a call.

    Raises Refusal invalidValue for another content type, or a form without `file`.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _form_upload(request)
    if kind not in CSV_TYPES:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The body's Content-Type is “{kind or 'missing'}”: send the file as text/csv, or as"
            " the field “file” of multipart/form-data.",
        )
    return Upload(content=await request.body())


async def _form_upload(request: Request[Any, Any, Any]) -> Upload:
    form = await request.form()
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The form has no file in its field “file”; it has: {', '.join(form) or 'none'}.",
        )
    if "preview" in form:
        # The edge does not see it, and whoever only wants to look must not change anything.
        raise Refusal(
            Reason.INVALID_VALUE,
            "The form has a field “preview”: it belongs in the query, ?preview=true.",
        )
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    return Upload(content=await file.read(), fields=fields)
