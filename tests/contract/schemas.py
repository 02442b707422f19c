"""The contract of Graph's answers as JSON Schemas that refuse members nobody knows.

`graph-openapi-licensing.yaml` is looked for in SEATWRIGHT_SPEC_DIR and beside the checkout;
`beside.yaml` has the answers that it lacks, and stands for the contract's own where both have one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema
import yaml

NAME: Final = "graph-openapi-licensing.yaml"
BESIDE: Final = Path(__file__).with_name("beside.yaml")
TEXT: Final = "text/plain"

_PLACES: Final = (os.environ.get("SEATWRIGHT_SPEC_DIR", ""), "../shared/spec/data")
_PREFIX: Final = "#/components/schemas/"
_DIRECTORY: Final = "microsoft.graph.directoryObject"
_BATCH: Final = "batchResponse"

Schema = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """Answers by path, method and status: a schema, TEXT, or None where there is no body."""

    paths: Mapping[str, Mapping[str, Mapping[str, Schema]]]
    definitions: Mapping[str, Schema]

    @property
    def templates(self) -> tuple[str, ...]:
        """Every path that has a schema."""
        return tuple(self.paths)


def _read(file: Path) -> Any:
    return yaml.load(file.read_text(), Loader=yaml.CSafeLoader)


@cache
def contract() -> Contract | None:
    """The contract with ours beside it; None where Microsoft's is not at hand."""
    for place in _PLACES:
        file = Path(place) / NAME
        if place and file.is_file():
            return _joined(_read(file), _read(BESIDE))
    return None


def _joined(theirs: Any, ours: Any) -> Contract:
    raw = {**theirs["components"]["schemas"], **ours["schemas"]}
    definitions = {name: _Closing(raw).closed(node, name) for name, node in raw.items()}
    # An object of the directory is a person or a group, and says which.
    definitions[_DIRECTORY] = {
        "required": ["@odata.type"],
        "oneOf": [_reference(f"microsoft.graph.{kind}") for kind in ("user", "group")],
    }
    paths = {path: _of_contract(methods, raw) for path, methods in theirs["paths"].items()}
    for path, methods in ours["paths"].items():
        paths[path] = {
            **paths.get(path, {}),
            **{
                method.upper(): {str(status): _named(one) for status, one in answers.items()}
                for method, answers in methods.items()
            },
        }
    return Contract(paths=paths, definitions=definitions)


def _named(one: str | None) -> Schema:
    return one if one in {None, TEXT} else _reference(str(one))


def _reference(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _of_contract(methods: Any, raw: Mapping[str, Any]) -> dict[str, dict[str, Schema]]:
    closing = _Closing(raw)
    found: dict[str, dict[str, Schema]] = {}
    for method, operation in methods.items():
        answers = found.setdefault(method.upper(), {})
        for status, answer in operation["responses"].items():
            content = answer.get("content", {})
            if "application/json" in content:
                answers[status] = closing.closed(content["application/json"]["schema"], "")
            elif "$ref" not in answer:
                answers[status] = TEXT if TEXT in content else None
    return found


class _Closing:
    """Turns OpenAPI 3.0 into JSON Schema; every object takes the members it names, and no other."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw

    def closed(self, node: Any, name: str) -> Any:
        if isinstance(node, list):
            return [self.closed(one, "") for one in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return _reference(node["$ref"].removeprefix(_PREFIX))
        if node == {"type": "object", "nullable": True}:
            # How the contract writes "or null" beside a reference: anything would fit it.
            return {"type": "null"}
        if "allOf" in node:
            node = self._merged(node)
        plain = {key: self._inside(key, value) for key, value in node.items()}
        if plain.pop("nullable", False):
            plain["type"] = [plain["type"], "null"]
        if "properties" in plain:
            plain.setdefault("additionalProperties", False)
            if self._is_of_directory(name):
                plain["properties"]["@odata.type"] = {"const": f"#{name}"}
        return plain

    def _inside(self, key: str, value: Any) -> Any:
        if key == "properties":
            return {name: self.closed(one, "") for name, one in value.items()}
        return self.closed(value, "")

    def _merged(self, node: Any) -> dict[str, Any]:
        """What a kind and the kinds that it comes from have, as one."""
        whole: dict[str, Any] = {"type": "object", "properties": {}, "required": []}
        for part in node["allOf"]:
            found = self._raw[part["$ref"].removeprefix(_PREFIX)] if "$ref" in part else part
            found = self._merged(found) if "allOf" in found else found
            whole["properties"] |= found.get("properties", {})
            whole["required"] += found.get("required", [])
        return whole

    def _is_of_directory(self, name: str) -> bool:
        parts = self._raw.get(name, {}).get("allOf", [])
        return any(part.get("$ref") == f"{_PREFIX}{_DIRECTORY}" for part in parts)


@cache
def validator_of(template: str, method: str, status: str) -> jsonschema.protocols.Validator:
    """What holds the body of this answer."""
    found = contract()
    assert found is not None
    return _validator(found, found.paths[template][method][status], method)


@cache
def validator_named(name: str) -> jsonschema.protocols.Validator:
    """What holds something by the name of its schema."""
    found = contract()
    assert found is not None
    return _validator(found, _reference(name), "")


def _validator(found: Contract, schema: Schema, method: str) -> jsonschema.protocols.Validator:
    whole = {**_topmost(found, schema, method), "$defs": found.definitions}
    return jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())


def _topmost(found: Contract, schema: Schema, method: str) -> dict[str, Any]:
    """A whole answer says its context, where its schema is one of Graph's."""
    name = schema.get("$ref", "").removeprefix("#/$defs/")
    if name.startswith("oauth.") or name == _BATCH or not method:
        return dict(schema)
    if name == _DIRECTORY:
        kinds = [f"microsoft.graph.{kind}" for kind in ("user", "group")]
        branches = [_topmost(found, _reference(kind), method) for kind in kinds]
        return {"required": ["@odata.type"], "oneOf": branches}
    plain = dict(found.definitions[name]) if name else dict(schema)
    plain["properties"] = {
        **plain["properties"],
        "@odata.context": _reference("odata.context"),
    }
    for link in ("nextLink", "deltaLink"):
        if f"@odata.{link}" in plain["properties"]:
            plain["properties"][f"@odata.{link}"] = _reference(f"odata.{link}")
    if method == "GET":
        plain["required"] = [*plain.get("required", []), "@odata.context"]
    return plain
