"""From the text of a membership rule to its tree, with everything about it checked."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from lark import Token, Tree

from seatwright.domain.directory import parse_id
from seatwright.domain.rules.checking import check_comparison
from seatwright.domain.rules.problems import Flaw, wrong
from seatwright.domain.rules.properties import (
    DEVICE_PROPERTIES,
    ELEMENT,
    ELSEWHERE,
    PLAN_PROPERTIES,
    PROPERTIES,
    Kind,
    Property,
)
from seatwright.domain.rules.reading import read_tree
from seatwright.domain.rules.spelling import nearest
from seatwright.domain.rules.tree import (
    And,
    Comparison,
    Condition,
    DirectReports,
    MemberOf,
    Not,
    Operator,
    Or,
    Place,
    Quantified,
    Quantifier,
    Rule,
)
from seatwright.domain.rules.values import Given, text_of, value_of

DEPTH_MAX: Final = 50
"""Conditions inside conditions; nobody reads more, and every one costs a frame of the stack."""

SOURCES_MAX: Final = 50
"""Groups that one memberOf rule may name (DYN-061)."""

HYPHENS: Final = "-\u2013\u2014"
"""What may stand before an operator: a hyphen, and the dashes that word processors make of it."""

KEPT_MAX: Final = 20_000
"""Rules whose trees are kept: more than one tenant can have (DYN-002)."""

_TREES: Final[dict[str, Rule]] = {}

Node = Tree[Token] | Token

_OPERATORS: Final = {one.value[1:].casefold(): one for one in Operator}
_MEMBER_OF: Final = "user.memberof"


def parse_rule(text: str) -> Rule:
    """The tree of a rule; kept, because rules are asked again with every change of a person.

    Raises RuleRefusal, with the place, for what is no rule or asks what cannot be asked.
    """
    known = _TREES.get(text)
    if known is None:
        known = _parsed(text)
        while len(_TREES) >= KEPT_MAX:
            _TREES.pop(next(iter(_TREES)), None)
        _TREES[text] = known
    return known


def is_known(text: str) -> bool:
    """Whether the tree of a rule is kept, so that it costs nothing to have it."""
    return text in _TREES


def _parsed(text: str) -> Rule:
    (node,) = read_tree(text).children
    if isinstance(node, Tree) and node.data == "direct_reports":
        return DirectReports(manager=_id_of(node.children[1], "Direct Reports for"))
    sources = _sources(node)
    if sources is not None:
        return MemberOf(groups=sources)
    return _Building(text).condition(node, inside=None, depth=0)


def _sources(node: Node) -> tuple[UUID, ...] | None:
    """The groups of a memberOf rule; None for any other rule."""
    while isinstance(node, Tree) and node.data == "group":
        node = node.children[0]
    if not isinstance(node, Tree) or node.data != "quantified":
        return None
    operand, quantifier, inner = node.children
    if str(operand).casefold() != _MEMBER_OF:
        return None
    while isinstance(inner, Tree) and inner.data == "group":
        inner = inner.children[0]
    is_form = (
        _bare(quantifier) == "any"
        and isinstance(inner, Tree)
        and inner.data == "comparison"
        and str(inner.children[0]).casefold() == "group.objectid"
        and _bare(inner.children[1]) == "in"
    )
    if not is_form:
        raise _not_alone(operand)
    assert isinstance(inner, Tree), "that is the form"
    listed = inner.children[2]
    assert isinstance(listed, Tree), "the grammar has a list after -in"
    ids = tuple(dict.fromkeys(_id_of(one, "group.objectId") for one in listed.children))
    if len(ids) > SOURCES_MAX:
        raise wrong(
            Flaw.TOO_MANY,
            f"The rule names {len(ids)} groups, and {SOURCES_MAX} is the most: make two groups.",
            _place(listed.children[0]),
        )
    return ids


def _not_alone(token: Node) -> Exception:
    return wrong(
        Flaw.ALONE,
        "user.memberOf stands alone in a rule, and only as"
        " user.memberOf -any (group.objectId -in ['ID', 'ID']).",
        _place(token),
        text=str(token),
    )


def _id_of(node: Node, what: str) -> UUID:
    text = text_of(node) if isinstance(node, Token) else None
    found = None if text is None else parse_id(text)
    if found is None:
        raise wrong(
            Flaw.VALUE,
            f"{what} needs the id of one, such as '62e19b97-8b3d-4d4a-a106-4ce66896a863', not"
            f" {_words(node)}.",
            _place(node),
            text=_words(node),
        )
    return found


def _words(node: Node) -> str:
    return " ".join(
        str(token) for token in ([node] if isinstance(node, Token) else node.scan_values(_is_token))
    )


def _is_token(value: object) -> bool:
    return isinstance(value, Token)


def _bare(node: Node) -> str:
    """An operator without its hyphen, in lower case."""
    return str(node).lstrip(HYPHENS).casefold()


def _place(node: Node) -> Place:
    if isinstance(node, Token):
        return Place(line=node.line or 1, column=node.column or 1)
    return Place(line=getattr(node.meta, "line", 1), column=getattr(node.meta, "column", 1))


class _Building:
    """Building the tree of one rule."""

    def __init__(self, text: str) -> None:
        self._text = text

    def condition(self, node: Node, *, inside: Property | None, depth: int) -> Condition:
        """The condition that a node is; `inside` is the property whose parts it looks at."""
        assert isinstance(node, Tree), "the grammar makes a tree of every condition"
        while node.data == "group":
            inner = node.children[0]
            assert isinstance(inner, Tree), "a group holds a condition"
            node = inner
        if depth > DEPTH_MAX:
            raise wrong(
                Flaw.SYNTAX,
                f"Conditions stand inside each other more than {DEPTH_MAX} deep: write the rule"
                " flatter.",
                _place(node),
            )
        match node.data:
            case "any_of" | "all_of":
                parts = tuple(
                    self.condition(one, inside=inside, depth=depth + 1)
                    for one in node.children
                    if isinstance(one, Tree)
                )
                join = Or if node.data == "any_of" else And
                return join(conditions=parts, place=_place(node))
            case "negation":
                inner = node.children[1]
                denied = self.condition(inner, inside=inside, depth=depth + 1)
                return Not(condition=denied, place=_place(node))
            case "quantified":
                return self._quantified(node, inside=inside, depth=depth)
            case _:
                return self._comparison(node, inside=inside)

    def _quantified(self, node: Tree[Token], *, inside: Property | None, depth: int) -> Quantified:
        operand, quantifier, inner = node.children
        if inside is not None:
            raise wrong(
                Flaw.SYNTAX,
                f"{_words(operand)} {_words(quantifier)} cannot stand inside of another -any or"
                " -all.",
                _place(operand),
                text=_words(operand),
            )
        property_ = self._property(operand, inside=None)
        if property_.kind not in {Kind.TEXTS, Kind.PLANS}:
            raise wrong(
                Flaw.OPERATOR,
                f"{property_} holds one value, and {_words(quantifier)} is for properties that"
                " hold several: user.otherMails, user.proxyAddresses and user.assignedPlans.",
                _place(quantifier),
                text=_words(quantifier),
            )
        return Quantified(
            property=property_,
            quantifier=Quantifier(f"-{_bare(quantifier)}"),
            condition=self.condition(inner, inside=property_, depth=depth + 1),
            place=_place(node),
        )

    def _comparison(self, node: Tree[Token], *, inside: Property | None) -> Comparison:
        operand, operator, right = node.children
        property_ = self._property(operand, inside=inside)
        values = list(right.children) if isinstance(right, Tree) and right.data == "list" else None
        given: Given | tuple[Given, ...]
        given = value_of(right) if values is None else tuple(value_of(one) for one in values)
        chosen = _OPERATORS[_bare(operator)]
        return Comparison(
            property=property_,
            operator=chosen,
            operand=check_comparison(property_, chosen, given, at=_place(operator)),
            place=_place(node),
        )

    def _property(self, node: Node, *, inside: Property | None) -> Property:
        assert isinstance(node, Token), "the grammar has a property here"
        key = str(node).casefold()
        if key == ELEMENT.name or key.startswith(("assignedplan.", "group.")):
            return self._part(node, key, inside=inside)
        if inside is not None:
            here = "assignedPlan.…" if inside.kind is Kind.PLANS else "_"
            raise wrong(
                Flaw.SYNTAX,
                f"Inside of -any and -all a condition is about {here}, not about {node}.",
                _place(node),
                text=str(node),
                expected=(here,),
            )
        if key.startswith("device."):
            raise self._device(node, key)
        if key == _MEMBER_OF:
            raise _not_alone(node)
        found = PROPERTIES.get(key)
        if found is None:
            raise self._unknown(node, key)
        return found

    def _part(self, node: Token, key: str, *, inside: Property | None) -> Property:
        kind = None if inside is None else inside.kind
        if key == ELEMENT.name and kind is Kind.TEXTS:
            return ELEMENT
        if key in PLAN_PROPERTIES and kind is Kind.PLANS:
            return PLAN_PROPERTIES[key]
        if key.startswith("group."):
            raise _not_alone(node)
        if kind is Kind.PLANS:
            names = ", ".join(one.name for one in PLAN_PROPERTIES.values())
            message = f"{node} is nothing that a service plan has: it has {names}."
        elif kind is Kind.TEXTS:
            message = f"{inside} holds texts: write _ for each of them, not {node}."
        else:
            message = (
                f"{node} stands only inside of -any (…) and -all (…), as in"
                ' user.proxyAddresses -any (_ -startsWith "smtp:").'
            )
        raise wrong(Flaw.UNKNOWN_PROPERTY, message, _place(node), text=str(node))

    def _device(self, node: Token, key: str) -> Exception:
        if "user." in self._text.casefold():
            message = "A rule is about people or about devices, never both (user. and device.)."
        elif key.partition(".")[2] in DEVICE_PROPERTIES:
            message = (
                f"{node} is about devices, and groups here hold people: write a rule about user."
            )
        else:
            message = f"There is no property {node}, and groups here hold people, not devices."
        return wrong(Flaw.UNKNOWN_PROPERTY, message, _place(node), text=str(node))

    def _unknown(self, node: Token, key: str) -> Exception:
        if key.startswith("user.extension_"):
            message = (
                f"No application of this tenant has registered {node}: use one of"
                " user.extensionAttribute1 to user.extensionAttribute15."
            )
        elif key in ELSEWHERE:
            message = f"{node} cannot be asked in a rule: {ELSEWHERE[key]}."
        else:
            close = nearest(key, PROPERTIES)
            fix = f"did you mean {PROPERTIES[close]}?" if close else "see the list in the docs."
            message = f"There is no property {node}: {fix}"
        return wrong(Flaw.UNKNOWN_PROPERTY, message, _place(node), text=str(node))
