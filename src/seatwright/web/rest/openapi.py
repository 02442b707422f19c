"""The description of the REST surface (OpenAPI 3.1), made from the routes themselves.

Litestar knows the routes; msgspec knows the schemas of what they take and give, strict bodies
included. What neither can know (words for parameters, files in bodies, the statuses of refusals)
is in the tables of `descriptions.py`.
"""

from __future__ import annotations

import inspect
import typing
from collections import Counter
from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Final, Union

import msgspec
from litestar import Litestar, Response
from litestar.response import Stream

from seatwright import __version__
from seatwright.domain.roles import roles_permitting
from seatwright.domain.settings import SETTINGS
from seatwright.web.held import HeldAnswer
from seatwright.web.rest.bodies import PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX
from seatwright.web.rest.descriptions import (
    ABOUT,
    ALSO_ANSWERS,
    ALSO_ASKS,
    ALSO_TAKES,
    MAY_BE_HELD,
    PARAMETERS,
    STATUSES,
    TAGS,
)
from seatwright.web.rest.doors import Door, doors_of
from seatwright.web.rest.preview import PreviewShape
from seatwright.web.rest.queries import query_fields

JsonObject = dict[str, Any]

_ANYWHERE: Final = (PreviewShape, HeldAnswer)
"""What calls that change something may answer with, beside their own answers."""

_REF: Final = "#/components/schemas/{name}"
_CSV: Final[JsonObject] = {"text/csv": {"schema": {"type": "string"}}}


def describe(app: Litestar) -> JsonObject:
    """The whole description, as a JSON object."""
    doors = doors_of(app)
    bodies = [body for door in doors if (body := _body_type(door)) is not None]
    answers = [one for door in doors for one in _answer_types(door)]
    types = list(dict.fromkeys([*bodies, *answers, *ALSO_TAKES.values(), *_ANYWHERE]))
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    refs = dict(zip(types, schemas, strict=True))
    paths: dict[str, JsonObject] = {}
    ids = _operation_ids(doors)
    for door in doors:
        operation = {"operationId": ids[door], **_operation(door, refs)}
        paths.setdefault(door.path, {})[door.method.lower()] = operation
    tags = dict.fromkeys(_tag(door) for door in doors)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "seatwright",
            "version": __version__,
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [{"name": tag, "description": TAGS.get(tag, tag)} for tag in tags],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A long-lived token (`seatwright token create`).",
                }
            },
            "schemas": {**{n: _tidy(c) for n, c in components.items()}, **_own_schemas()},
            "responses": {name: _refusal(text) for name, text in STATUSES.values()},
        },
    }


def _operation_ids(doors: Sequence[Door]) -> dict[Door, str]:
    """The name of the function; of functions of one name, with where they are."""
    count = Counter(door.handler.handler_name for door in doors)
    return {
        door: name
        if count[name := door.handler.handler_name] == 1
        else f"{name}_{'_'.join(part for part in door.path.split('/')[2:] if '{' not in part)}"
        for door in doors
    }


def _tag(door: Door) -> str:
    """The noun that a path is about: the first word after /api or /api/identity."""
    parts = door.path.removeprefix("/api/").removeprefix("identity/").split("/")
    return parts[0]


def _operation(door: Door, refs: Mapping[Any, JsonObject]) -> JsonObject:
    assert door.permission is not None, f"{door.path} names no permission"
    roles = ", ".join(role.value for role in roles_permitting(door.permission))
    text = inspect.getdoc(door.handler.fn) or ""
    operation: JsonObject = {
        "summary": door.handler.summary or door.handler.handler_name.replace("_", " "),
        "description": f"{text}\n\nNeeds the permission to {door.permission.value}: {roles}.",
        "tags": [_tag(door)],
        "parameters": _parameters(door),
        "responses": _responses(door, refs),
    }
    body = _request_body(door, refs)
    if body is not None:
        operation["requestBody"] = body
    return operation


def _parameters(door: Door) -> list[JsonObject]:
    found: list[JsonObject] = []
    for name, field in query_fields(door.handler):
        where = "path" if name in door.path_parameters else "query"
        schema = _tidy(msgspec.json.schema(field.annotation, ref_template=_REF))
        parameter: JsonObject = {
            "name": name,
            "in": where,
            "required": where == "path" or not field.has_default,
            "description": describe_parameter(door, name),
            "schema": _without_null(_inline(schema)) | _limits(name),
        }
        if field.has_default and field.default is not None and name != "limit":
            parameter["schema"]["default"] = field.default
        found.append(parameter)
    found += [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": describe_parameter(door, name),
            "schema": {"type": kind},
        }
        for name, kind in ALSO_ASKS.get(door.handler.handler_name, {}).items()
    ]
    if door.is_writing:
        digest = {"type": "string", "pattern": '^"[0-9a-f]{64}"$'}
        key = {"type": "string", "minLength": 1, "maxLength": 255}
        found += [
            _also("preview", "query", {"type": "boolean", "default": False}),
            _also("If-Match", "header", digest),
            _also("Idempotency-Key", "header", key),
        ]
    if door.handler.handler_name in ALSO_ANSWERS:
        found.append(_also("Prefer", "header", {"type": "string"}))
    return found


def _also(name: str, where: str, schema: JsonObject) -> JsonObject:
    """A parameter that the edge takes and no route knows."""
    return {
        "name": name,
        "in": where,
        "required": False,
        "description": PARAMETERS[name],
        "schema": schema,
    }


def describe_parameter(door: Door, name: str) -> str:
    """The words for a parameter, of this route if it has its own; empty when nobody wrote any."""
    return PARAMETERS.get(f"{door.handler.handler_name}.{name}") or PARAMETERS.get(name, "")


def _limits(name: str) -> JsonObject:
    if name != "limit":
        return {}
    return {"minimum": 1, "maximum": PAGE_ROWS_MAX, "default": PAGE_ROWS_DEFAULT}


def _inline(schema: JsonObject) -> JsonObject:
    """A parameter's schema without components: an enum stands where it is used."""
    definitions = schema.pop("$defs", {})
    for part in (schema, *schema.get("anyOf", ())):
        reference = part.pop("$ref", None)
        if reference is not None:
            part.update(definitions.get(reference.rpartition("/")[2], {"type": "string"}))
    return schema


def _without_null(schema: JsonObject) -> JsonObject:
    """A query holds no null: a parameter that may be absent is simply absent."""
    options = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    return dict(options[0]) if len(options) == 1 else schema


def _body_type(door: Door) -> Any:
    field = door.handler.parsed_fn_signature.parameters.get("data")
    return None if field is None or door.path == "/api/settings" else field.annotation


def _request_body(door: Door, refs: Mapping[Any, JsonObject]) -> JsonObject | None:
    if door.path == "/api/settings" and door.is_writing:
        return _json_content({"$ref": _REF.format(name="SettingsChange")})
    body = _body_type(door)
    if body is not None:
        return _json_content(refs[body])
    parameters = door.handler.parsed_fn_signature.parameters
    if door.method != "POST" or "request" not in parameters:
        return None
    content: JsonObject = {
        **_CSV,
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}},
                "required": ["file"],
            }
        },
    }
    also = ALSO_TAKES.get(door.handler.handler_name)
    if also is not None:
        content["application/json"] = {"schema": refs[also]}
    return {"required": True, "content": content}


def _json_content(schema: JsonObject) -> JsonObject:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _answer_types(door: Door) -> tuple[Any, ...]:
    """What a route may answer with, as types that msgspec describes; empty for no JSON at all."""
    annotation = door.handler.parsed_return_field.annotation
    if typing.get_origin(annotation) is Response:
        annotation = typing.get_args(annotation)[0]
    options = (
        typing.get_args(annotation)
        if typing.get_origin(annotation) in {Union, UnionType}
        else (annotation,)
    )
    named = [one for one in options if one not in {NoneType, Stream, bytes, Response}]
    return (*named, *ALSO_ANSWERS.get(door.handler.handler_name, ()))


def _responses(door: Door, refs: Mapping[Any, JsonObject]) -> JsonObject:
    responses: JsonObject = {}
    for status in _success_statuses(door):
        responses[str(status)] = {
            "description": "Done." if status == 204 else "The answer.",
            "headers": {"X-Correlation-Id": _CORRELATION_HEADER},
        }
        if status != 204:
            responses[str(status)]["content"] = _answer_content(door, refs)
    if door.is_writing:
        what = "What the call would do, for `preview=true`."
        _also_answers(responses, 200, what, schema=refs[PreviewShape])
    if door.is_writing and door.permission in MAY_BE_HELD:
        what = "Done, but removals beyond the tenant's limit wait for approval."
        _also_answers(responses, 202, what, schema=refs[HeldAnswer])
    for status in _refusal_statuses(door):
        responses[str(status)] = {"$ref": f"#/components/responses/{STATUSES[status][0]}"}
    return responses


def _also_answers(
    responses: JsonObject, status: int, description: str, *, schema: JsonObject
) -> None:
    """One more thing that a status may be answered with, beside whatever else it is."""
    done = responses.setdefault(
        str(status),
        {
            "description": description,
            "headers": {"X-Correlation-Id": _CORRELATION_HEADER},
            "content": {},
        },
    )
    own = done["content"].get("application/json")
    both = schema if own is None else {"anyOf": [*_options(own["schema"]), schema]}
    done["content"] = {**done["content"], "application/json": {"schema": both}}


def _options(schema: JsonObject) -> list[JsonObject]:
    options: list[JsonObject] = schema.get("anyOf", [schema])
    return options


_CORRELATION_HEADER: Final[JsonObject] = {
    "description": "Joins this call with its lines in the history and in the log.",
    "schema": {"type": "string", "format": "uuid"},
}


def _success_statuses(door: Door) -> tuple[int, ...]:
    """A function that answers with a Response chooses between its own status and 200."""
    own = door.handler.status_code
    is_chosen = typing.get_origin(door.handler.parsed_return_field.annotation) is Response
    return tuple(sorted({own, 200})) if is_chosen else (own,)


def _answer_content(door: Door, refs: Mapping[Any, JsonObject]) -> JsonObject:
    annotation = door.handler.parsed_return_field.annotation
    schemas = [refs[one] for one in _answer_types(door)]
    content: JsonObject = {}
    if schemas:
        schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
        content["application/json"] = {"schema": schema}
    if not schemas or Stream in typing.get_args(annotation):
        kind = door.handler.media_type if annotation is Stream else None
        content |= {str(kind): {"schema": {"type": "string"}}} if kind else _CSV
    return content


def _refusal_statuses(door: Door) -> tuple[int, ...]:
    """What can go wrong at a door, from what it takes."""
    names = {name for name, _ in query_fields(door.handler)}
    statuses = {401, 403, 429, 503}
    if names - set(door.path_parameters) or door.is_writing:
        statuses.add(400)
    if names or _body_type(door) is not None:
        statuses.add(404)
    if door.is_writing:
        statuses |= {404, 409, 412, 413, 422}
    if door.is_bare:
        statuses |= {400, 404, 409, 413}
    return tuple(sorted(statuses))


def _refusal(text: str) -> JsonObject:
    return {
        "description": text,
        "content": {"application/problem+json": {"schema": {"$ref": _REF.format(name="Problem")}}},
    }


def _own_schemas() -> dict[str, JsonObject]:
    text = {"type": "string"}
    return {
        "Problem": {
            "type": "object",
            "description": "Why a call was refused (RFC 9457). Other fields hold the facts.",
            "properties": {
                "type": {**text, "format": "uri-reference"},
                "title": text,
                "status": {"type": "integer"},
                "detail": {**text, "description": "What was wrong, with which value, what to do."},
                "code": {**text, "description": "The reason, of the closed list at /docs/errors."},
            },
            "required": ["type", "title", "status", "detail", "code"],
        },
        "SettingsChange": {
            "type": "object",
            "description": "Names of settings and their new values: all are changed, or none.",
            "properties": {
                setting.name: {
                    **_kind_schema(setting.kind),
                    "description": setting.meaning,
                    "default": setting.default,
                }
                for setting in SETTINGS.values()
            },
            "additionalProperties": False,
        },
    }


def _kind_schema(kind: str) -> JsonObject:
    """The schema of a setting from its type in words: `boolean or null`, `native | entra`."""
    if "|" in kind:
        return {"type": "string", "enum": [word.strip() for word in kind.split("|")]}
    types = ["integer" if word == "number" else word for word in kind.split(" or ")]
    return {"type": types if len(types) > 1 else types[0]}


def _tidy(schema: JsonObject) -> JsonObject:
    """The same schema with its words unwrapped, and decimal numbers also as JSON numbers."""
    tidied: JsonObject = {}
    for key, value in schema.items():
        if key == "description" and isinstance(value, str):
            tidied[key] = inspect.cleandoc(value)
        elif isinstance(value, dict):
            tidied[key] = _tidy(value)
        elif isinstance(value, list):
            tidied[key] = [_tidy(one) if isinstance(one, dict) else one for one in value]
        else:
            tidied[key] = value
    if tidied.get("format") == "decimal":
        tidied["type"] = ["string", "number"]
    return tidied
