"""What the rules for contracts ask of the syntax trees: who defines, calls and checks what."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property

from gate.solidity import Node, Sources, place_of, span, walk, walk_with_ancestors

_CODE = ("FunctionDefinition", "ModifierDefinition")
_OUTWARD = ("t_function_external_", "t_function_bare", "t_function_creation_")
_UNBOUNDED = re.compile(r"t_(bytes|string)_|_dyn_")
_STRUCT = re.compile(r"t_struct\$_\w+?_\$(\d+)_")
# The compiler's own functions have negative ids.
_REQUIRE = ("require", "assert")


class Program:
    """The trees of some files and of all that they import, by the compiler's ids."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources

    @cached_property
    def by_id(self) -> dict[int, Node]:
        """Every node that has an id."""
        units = self.sources.units.values()
        return {node["id"]: node for unit in units for node in walk(unit) if "id" in node}

    def nodes(self, *kinds: str) -> Iterator[tuple[str, Node, tuple[Node, ...]]]:
        """(path, node, those above it) of the nodes of some kinds in our own files."""
        for path in self.sources.texts:
            for node, ancestors in walk_with_ancestors(self.sources.units[path]):
                if node["nodeType"] in kinds:
                    yield path, node, ancestors

    def text(self, path: str, node: Node) -> str:
        """What stands in the file for a node."""
        return self.sources.text_of(path, node)

    def line(self, path: str, node: Node) -> int:
        """Number of the line on which a node begins."""
        return self.sources.line_of(path, span(node)[0])

    def place(self, ancestors: tuple[Node, ...], path: str) -> str:
        """``Contract.function``; the file for what stands in neither."""
        return place_of(ancestors) or path

    def called_by(self, node: Node) -> Iterator[Node]:
        """Functions and modifiers that code in a node runs in its own name; a call of ``this`` is not."""
        for below in walk(node):
            if type_of(below).startswith("t_function_external_"):
                continue
            target = self.by_id.get(below.get("referencedDeclaration") or 0)
            if (
                target is not None
                and target["nodeType"] in _CODE
                and below["nodeType"] != "OverrideSpecifier"
            ):
                yield target

    def reaches(self, node: Node, holds: Callable[[Node], bool]) -> bool:
        """Tell whether code in a node, or in anything that it calls, is of some kind.

        A call of a virtual function is followed to where it was declared, as the compiler names that.
        """
        seen: set[int] = set()
        pending = [node]
        while pending:
            one = pending.pop()
            if any(holds(below) for below in walk(one)):
                return True
            for target in self.called_by(one):
                if target["id"] not in seen and target.get("body") is not None:
                    seen.add(target["id"])
                    pending.append(target["body"])
        return False

    def only_reads(self, node: Node) -> bool:
        """Tell whether code in a node calls nobody else and nothing of ours that could change state."""
        types = [type_of(below["expression"]) for below in walk(node) if below["nodeType"] == "FunctionCall"]
        is_inward = not any(name.startswith(_OUTWARD) for name in types)
        return is_inward and all(one["stateMutability"] in ("view", "pure") for one in self.called_by(node))

    def is_unbounded(self, type_name: str) -> bool:
        """Tell whether values of a type can be of any length, as the compiler names types."""
        if _UNBOUNDED.search(type_name):
            return True
        structs = (self.by_id.get(int(found)) for found in _STRUCT.findall(type_name))
        members = [member for struct in structs if struct is not None for member in struct["members"]]
        return any(self.is_unbounded(type_of(member)) for member in members)

    def checks_sender(self, node: Node) -> bool:
        """Tell whether code in a node, or below it, reverts under a condition that reads the caller.

        Or asks an AccessManager, whose answer is about the caller.
        """
        return self.reaches(node, lambda one: self._is_sender_check(one) or is_authority_question(one))

    def _is_sender_check(self, node: Node) -> bool:
        condition = revert_condition(node)
        return condition is not None and self.reaches(condition, is_sender)


def is_authority_question(node: Node) -> bool:
    """Tell whether a node asks an AccessManager who may call, as OpenZeppelin's library does."""
    return bool(node["nodeType"] == "MemberAccess" and node["memberName"] == "canCallWithDelay")


def is_sender(node: Node) -> bool:
    """Tell whether a node is ``msg.sender`` or ``caller()``."""
    if node["nodeType"] == "MemberAccess" and node["memberName"] == "sender":
        return bool(node["expression"].get("name") == "msg")
    return is_yul_call(node, "caller")


def is_revert(node: Node) -> bool:
    """Tell whether a node reverts."""
    if node["nodeType"] == "FunctionCall" and _name_of_builtin(node["expression"]) == "revert":
        return True
    return node["nodeType"] == "RevertStatement" or is_yul_call(node, "revert")


def revert_condition(node: Node) -> Node | None:
    """The condition on which a node decides whether to revert; None for what does not decide that."""
    kind = node["nodeType"]
    if kind in ("IfStatement", "YulIf"):
        body = node["trueBody"] if kind == "IfStatement" else node["body"]
        condition: Node = node["condition"]
        return condition if any(map(is_revert, walk(body))) else None
    if kind == "FunctionCall" and _name_of_builtin(node["expression"]) in _REQUIRE:
        first: Node = node["arguments"][0]
        return first
    return None


def is_yul_call(node: Node, *names: str) -> bool:
    """Tell whether a node calls one of these instructions in assembly."""
    return node["nodeType"] == "YulFunctionCall" and node["functionName"]["name"] in names


def type_of(node: Node) -> str:
    """The compiler's identifier of an expression's type."""
    return str(node.get("typeDescriptions", {}).get("typeIdentifier") or "")


def _name_of_builtin(node: Node) -> str:
    is_builtin = node["nodeType"] == "Identifier" and (node.get("referencedDeclaration") or 0) < 0
    return str(node["name"]) if is_builtin else ""
