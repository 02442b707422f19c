"""`/docs` and `/docs/errors`: the description of the API as pages that people read.

Own HTML without a script and without another host, so that it is there on a machine that is not on
the internet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final

from seatwright.domain.errors import ChangeReason
from seatwright.domain.history import HistoryAction
from seatwright.web.reasons import every_code

SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)

_STYLE: Final = """
:root{color-scheme:light dark;--line:#8885;--soft:#8881;--link:light-dark(#0b57d0,#9ec1ff)}
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:64rem;padding:1rem}
a{color:var(--link)}a:focus-visible,summary:focus-visible{outline:3px solid var(--link)}
h1{font-size:1.6rem}h2{border-bottom:1px solid var(--line);font-size:1.25rem;margin-top:2rem}
code,pre{background:var(--soft);border-radius:4px;font:.9em ui-monospace,monospace}
code{overflow-wrap:anywhere;padding:.1em .3em}
pre{overflow-x:auto;padding:.6rem}
details{border:1px solid var(--line);border-radius:6px;margin:.5rem 0;padding:.3rem .8rem}
summary{cursor:pointer;overflow-wrap:anywhere}
.method{display:inline-block;font-weight:700;min-width:4.2rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{border-bottom:1px solid var(--line);padding:.35rem .5rem;text-align:left;vertical-align:top}
tr:target{background:var(--soft);outline:2px solid var(--link)}
"""


def docs_page(described: Mapping[str, Any]) -> bytes:
    """Every route by noun, with what it takes and what it answers."""
    by_tag: dict[str, list[str]] = {tag["name"]: [] for tag in described["tags"]}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            by_tag[operation["tags"][0]].append(_operation(method.upper(), path, operation))
    words = {tag["name"]: tag["description"] for tag in described["tags"]}
    links = " · ".join(f'<a href="#{escape(tag)}">{escape(tag)}</a>' for tag in by_tag)
    sections = "".join(
        f'<section id="{escape(tag)}"><h2>{escape(words[tag])}</h2>{"".join(operations)}</section>'
        for tag, operations in by_tag.items()
    )
    about = "".join(
        f"<p>{_text(part)}</p>" for part in described["info"]["description"].split("\n\n")
    )
    version = escape(described["info"]["version"])
    return _page(
        "seatwright API",
        f"<h1>seatwright API <small>{version}</small></h1>{about}"
        '<p><a href="/openapi.json">OpenAPI description</a> · <a href="/docs/errors">Every code of'
        f" a refusal</a></p><nav>{links}</nav>{sections}{_schemas(described)}",
    )


def errors_page() -> bytes:
    """Every code with its status, what it means and what to do, each at its own anchor."""
    rows = "".join(
        f'<tr id="{escape(code)}"><th scope="row"><code>{escape(code)}</code></th>'
        f"<td>{status}</td><td>{_text(words.meaning)}</td><td>{_text(words.fix)}</td></tr>"
        for code, (status, words) in sorted(every_code().items())
    )
    return _page(
        "seatwright: every code of a refusal",
        '<h1>Every code of a refusal</h1><p><a href="/docs">The API</a></p>'
        "<p>An unknown person, group or product is 404 when the path names it and 400 when the body"
        " does. Codes are a closed list: one cause has one code everywhere.</p>"
        '<div class="scroll"><table><thead><tr><th scope="col">Code</th><th scope="col">Status</th>'
        '<th scope="col">What it means</th><th scope="col">What to do</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        f'<h2 id="actions">Actions of the history</h2>{_codes(a.wire for a in HistoryAction)}'
        f'<h2 id="changes">Reasons of changes</h2>{_codes(one.value for one in ChangeReason)}',
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    words = _paragraphs(operation["description"])
    parameters = "".join(
        f"<tr><th scope='row'><code>{escape(one['name'])}</code></th><td>{escape(one['in'])}</td>"
        f"<td>{_kind(one['schema'])}</td><td>{_text(one['description'])}</td></tr>"
        for one in operation["parameters"]
    )
    table = (
        '<div class="scroll"><table><thead><tr><th scope="col">Parameter</th>'
        '<th scope="col">In</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead>'
        f"<tbody>{parameters}</tbody></table></div>"
        if parameters
        else ""
    )
    content = operation.get("requestBody", {}).get("content", {})
    answers = "".join(
        f"<li><code>{status}</code> {_answer(answer)}</li>"
        for status, answer in sorted(operation["responses"].items())
    )
    return (
        f'<details id="{escape(operation["operationId"])}"><summary>'
        f'<span class="method">{method}</span> <code>{escape(path)}</code>'
        f" {escape(operation['summary'])}</summary>{words}{table}"
        f"{_body('Body', content)}<ul>{answers}</ul></details>"
    )


def _answer(answer: Mapping[str, Any]) -> str:
    if "$ref" in answer:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", _last(answer["$ref"])).lower()
        return f'<a href="/docs/errors">{escape(words)}</a>'
    return _body("", answer.get("content", {})) or escape(answer["description"])


def _body(label: str, content: Mapping[str, Any]) -> str:
    kinds = "; ".join(
        f"<code>{escape(media)}</code> {_kind(one['schema'])}" for media, one in content.items()
    )
    return f"<p>{label}: {kinds}</p>" if kinds and label else kinds


def _kind(schema: Mapping[str, Any]) -> str:
    """A schema in a few words; what has a name is a link to it."""
    if "$ref" in schema:
        name = escape(_last(schema["$ref"]))
        return f'<a href="#schema-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"<code>{escape(str(one))}</code>" for one in schema["enum"])
    kind = schema.get("type", "anything")
    words = " or ".join(kind) if isinstance(kind, list) else kind
    if "items" in schema and isinstance(schema["items"], Mapping):
        return f"list of {_kind(schema['items'])}"
    return escape(" ".join(filter(None, (words, schema.get("format")))))


def _schemas(described: Mapping[str, Any]) -> str:
    parts = []
    for name, schema in sorted(described["components"]["schemas"].items()):
        required = set(schema.get("required", ()))
        rows = "".join(
            f'<tr><th scope="row"><code>{escape(field)}</code></th>'
            f"<td>{_kind(one)}{'' if field in required else ', optional'}</td>"
            f"<td>{_text(one.get('description', ''))}</td></tr>"
            for field, one in schema.get("properties", {}).items()
        )
        table = f'<div class="scroll"><table><tbody>{rows}</tbody></table></div>' if rows else ""
        parts.append(
            f'<details id="schema-{escape(name)}"><summary><code>{escape(name)}</code></summary>'
            f"<p>{_text(schema.get('description', ''))}</p>{table or _kind(schema)}</details>"
        )
    return f'<section id="schemas"><h2>Bodies and answers</h2>{"".join(parts)}</section>'


def _codes(codes: Iterable[str]) -> str:
    return f"<p>{', '.join(f'<code>{escape(code)}</code>' for code in codes)}</p>"


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_text(part)}</p>" for part in text.split("\n\n"))


def _text(text: str) -> str:
    """Escaped, with what stands in backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _last(reference: str) -> str:
    return reference.rpartition("/")[2]


def _page(title: str, body: str) -> bytes:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="icon" href="data:,">'
        f"<style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    ).encode()
