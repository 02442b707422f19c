"""The strings that stand below the fields and members of a class: their documentation."""

from __future__ import annotations

import ast
import inspect
import textwrap


def field_docs(owner: type) -> dict[str, str]:
    """The sentence under each field or member of a class, whatever its line breaks."""
    node = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
    assert isinstance(node, ast.ClassDef)
    docs: dict[str, str] = {}
    for field, after in zip(node.body, node.body[1:], strict=False):
        match field, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                docs[name] = " ".join(text.split())
    return docs
