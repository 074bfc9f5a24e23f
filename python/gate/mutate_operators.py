"""What the mutator changes: one small fault at a time, at places that the compiler's tree names.

Faults are drawn from what goes wrong in contracts like ours: a guard that is gone or turned around, a limit
off by one, a rounding, two arguments of one type in the wrong order, the wrong sender.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gate.solidity import Node, Sources, place_of, span, walk_with_ancestors

# Replaced text: (first byte, byte after the last, what stands there instead).
Edit = tuple[int, int, str]

_BINARY = {
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "==": ("!=",),
    "!=": ("==",),
    "+": ("-",),
    "-": ("+",),
    "*": ("/",),
    "/": ("*",),
    "%": ("*",),
    "&&": ("||",),
    "||": ("&&",),
    "&": ("|",),
    "|": ("&",),
    "^": ("&",),
    "<<": (">>",),
    ">>": ("<<",),
}
_COMPARISONS = {"<", "<=", ">", ">=", "==", "!="}
_ASSIGNMENTS = {"+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "|=": "&=", "&=": "|="}
_YUL = {
    "add": "sub",
    "sub": "add",
    "mul": "div",
    "div": "mul",
    "lt": "gt",
    "gt": "lt",
    "slt": "sgt",
    "sgt": "slt",
    "eq": "xor",
    "shl": "shr",
    "shr": "shl",
    "and": "or",
    "or": "and",
    "caller": "origin",
}


@dataclass(frozen=True)
class Mutant:
    """One fault in one file.

    Attributes:
        path: relative to the root.
        start: first byte that is replaced.
        end: byte after the last.
        replacement: what stands there instead.
        operator: kind of the fault.
        place: ``Contract.function``.
        line: where it begins, from 1.
        before: the whole lines that are touched, as they are.
        after: the same lines with the fault.
        name: eight hexadecimal digits that stay the same while these lines stay in this function.
    """

    path: str
    start: int
    end: int
    replacement: str
    operator: str
    place: str
    line: int
    before: str
    after: str
    name: str

    def apply(self, text: bytes) -> bytes:
        """The file with the fault in it."""
        return text[: self.start] + self.replacement.encode() + text[self.end :]


def mutants_of(sources: Sources, paths: Sequence[str]) -> list[Mutant]:
    """Every fault that the operators know, in order of the files and of the places in them."""
    found: dict[tuple[str, Edit], tuple[str, str]] = {}
    for path in paths:
        for node, ancestors in walk_with_ancestors(sources.units[path]):
            for operator, edit in _edits(sources.texts[path], node, ancestors):
                found.setdefault((path, edit), (operator, place_of(ancestors)))
    seen: dict[str, int] = {}
    return [
        _mutant(sources, path, edit, operator, place, seen)
        for (path, edit), (operator, place) in sorted(found.items())
    ]


def _mutant(
    sources: Sources, path: str, edit: Edit, operator: str, place: str, seen: dict[str, int]
) -> Mutant:
    start, end, replacement = edit
    text = sources.texts[path]
    first = text.rfind(b"\n", 0, start) + 1
    last = text.find(b"\n", end)
    last = len(text) if last < 0 else last
    before = text[first:last].decode()
    after = (text[first:start] + replacement.encode() + text[end:last]).decode()
    key = "\0".join((path, place, operator, *(" ".join(part.split()) for part in (before, after))))
    seen[key] = seen.get(key, 0) + 1
    name = hashlib.sha256(f"{key}\0{seen[key]}".encode()).hexdigest()[:8]
    line = sources.line_of(path, start)
    return Mutant(path, start, end, replacement, operator, place, line, before, after, name)


def _edits(text: bytes, node: Node, ancestors: Sequence[Node]) -> Iterator[tuple[str, Edit]]:
    """(operator, edit) of each fault at one node itself, not below it."""
    kind = node["nodeType"]
    if kind.startswith("Yul"):
        yield from _yul(text, node)
    elif kind in ("BinaryOperation", "Assignment"):
        yield from _operators(text, node)
    elif kind == "IfStatement":
        yield from _conditions(text, node)
    elif kind in ("ExpressionStatement", "EmitStatement", "ModifierInvocation"):
        yield from _deletions(text, node, ancestors)
    elif kind == "Literal":
        yield from _literals(text, node)
    elif kind == "FunctionCall":
        yield from _swapped_arguments(text, node)
    elif kind == "Conditional":
        yield "branches swapped", _exchange(text, node["trueExpression"], node["falseExpression"])
    elif kind == "UnaryOperation" and node["operator"] in ("!", "-"):
        yield "sign dropped", (*span(node), _text(text, node["subExpression"]))
    elif kind == "MemberAccess" and _text(text, node) == "msg.sender":
        yield "sender", (*span(node), "tx.origin")


def _text(text: bytes, node: Node) -> str:
    start, end = span(node)
    return text[start:end].decode()


def _operators(text: bytes, node: Node) -> Iterator[tuple[str, Edit]]:
    is_binary = node["nodeType"] == "BinaryOperation"
    left, right = ("leftExpression", "rightExpression") if is_binary else ("leftHandSide", "rightHandSide")
    old = node["operator"]
    news = _BINARY.get(old, ()) if is_binary else tuple(filter(None, [_ASSIGNMENTS.get(old)]))
    gap = span(node[left])[1]
    at = text.find(old.encode(), gap, span(node[right])[0])
    for new in news:
        yield _kind_of(old), (at, at + len(old), new)


def _kind_of(operator: str) -> str:
    if operator in _COMPARISONS:
        return "comparison"
    return "logic" if operator in ("&&", "||") else "arithmetic"


def _conditions(text: bytes, node: Node) -> Iterator[tuple[str, Edit]]:
    condition = node["condition"]
    # A comparison or a negation is turned around where it stands.
    if condition.get("operator") not in {*_COMPARISONS, "!"}:
        yield "condition negated", (*span(condition), f"!({_text(text, condition)})")
    if node.get("falseBody") is None:
        yield "statement deleted", (*_with_semicolon(text, node), "{}")


def _deletions(text: bytes, node: Node, ancestors: Sequence[Node]) -> Iterator[tuple[str, Edit]]:
    if node["nodeType"] == "ModifierInvocation":
        # A base's constructor stands at the same place and is none.
        if node.get("kind") == "modifierInvocation" and ancestors[-1].get("kind") != "constructor":
            yield "modifier deleted", (*span(node), "")
        return
    yield "statement deleted", (*_with_semicolon(text, node), "{}")


def _with_semicolon(text: bytes, node: Node) -> tuple[int, int]:
    start, end = span(node)
    rest = re.match(rb"\s*;", text[end:])
    return start, end + (rest.end() if rest is not None else 0)


def _literals(text: bytes, node: Node) -> Iterator[tuple[str, Edit]]:
    written = _text(text, node)
    if node["kind"] == "bool":
        yield "boolean flipped", (*span(node), "false" if written == "true" else "true")
    elif node["kind"] == "number" and not node["typeDescriptions"]["typeString"].startswith("address"):
        yield "constant", (*span(node), f"({written} + 1)")
        if node["value"] != "0":
            yield "constant", (*span(node), f"({written} - 1)")


def _swapped_arguments(text: bytes, node: Node) -> Iterator[tuple[str, Edit]]:
    if node["kind"] != "functionCall" or node["names"]:
        return
    arguments = node["arguments"]
    for one, other in itertools.pairwise(arguments):
        if _type(one) == _type(other) and _text(text, one) != _text(text, other):
            yield "arguments swapped", _exchange(text, one, other)


def _type(node: Node) -> str:
    """Types that fit into one another count as one."""
    name = str(node["typeDescriptions"].get("typeIdentifier", ""))
    return "t_address" if name == "t_address_payable" else name


def _exchange(text: bytes, one: Node, other: Node) -> Edit:
    (start, one_end), (other_start, end) = span(one), span(other)
    between = text[one_end:other_start].decode()
    return start, end, _text(text, other) + between + _text(text, one)


def _yul(text: bytes, node: Node) -> Iterator[tuple[str, Edit]]:
    kind = node["nodeType"]
    if kind == "YulFunctionCall":
        new = _YUL.get(node["functionName"]["name"])
        if new is not None:
            yield "assembly: operation", (*span(node["functionName"]), new)
    elif kind == "YulIf":
        condition = node["condition"]
        yield "assembly: condition negated", (*span(condition), f"iszero({_text(text, condition)})")
    elif kind in ("YulExpressionStatement", "YulAssignment"):
        yield "assembly: statement deleted", (*span(node), "")
    elif kind == "YulLiteral" and node["kind"] == "number":
        value = int(node["value"], 0)
        yield "assembly: constant", (*span(node), hex(value + 1))
        if value > 0:
            yield "assembly: constant", (*span(node), hex(value - 1))
