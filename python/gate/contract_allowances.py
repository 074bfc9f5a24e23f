"""Finds allowances that nothing takes back: the rule behind ``approve`` in gate.contract_checks.

An allowance belongs to a spender, named by the expression that stands for it. A function that approves (or
checks) whoever its caller names is looked through: what counts is the name that the caller gives. In a
callback ``msg.sender`` is whoever the contract has called (the rule ``access`` sees to that), under any name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gate.contract_program import Program, revert_condition, type_of
from gate.solidity import Node, walk

_APPROVALS = {
    "approve",
    "safeApprove",
    "safeApproveWithRetry",
    "forceApprove",
    "increaseAllowance",
    "safeIncreaseAllowance",
}

Found = tuple[str, Node, tuple[Node, ...]]


@dataclass(frozen=True)
class _Deed:
    """A call that gives an allowance, or one that takes or checks it to be zero."""

    call: Node
    spender: Node
    is_clearing: bool


def unchecked_allowances(program: Program) -> Iterator[Found]:
    """(path, call, those above it) of each approval without a counterpart in its contract."""
    wrappers = _wrappers(program)
    given: list[tuple[str, str, Found]] = []
    cleared: set[tuple[str, str]] = set()
    for path, call, above in program.nodes("FunctionCall"):
        deed = _deed(call, above, wrappers)
        if deed is None:
            continue
        contract, spender = _contract_of(above), program.text(path, deed.spender)
        if deed.is_clearing:
            cleared.add((contract, spender))
        elif _parameter(deed.spender, _function_of(above)) is None:
            given.append((contract, spender, (path, call, above)))
    clearing = {contract for contract, _ in cleared}
    for contract, spender, found in given:
        is_cleared = contract in clearing if spender == "msg.sender" else (contract, spender) in cleared
        if not is_cleared:
            yield found


def _wrappers(program: Program) -> dict[int, list[tuple[int, bool]]]:
    """By function: (index of the parameter that is the spender, whether it clears)."""
    wrappers: dict[int, list[tuple[int, bool]]] = {}
    size = -1
    while size != sum(map(len, wrappers.values())):
        size = sum(map(len, wrappers.values()))
        for _, call, above in program.nodes("FunctionCall"):
            function = _function_of(above)
            deed = _deed(call, above, wrappers)
            index = None if deed is None else _parameter(deed.spender, function)
            if deed is not None and function is not None and index is not None:
                roles = wrappers.setdefault(function["id"], [])
                if (index, deed.is_clearing) not in roles:
                    roles.append((index, deed.is_clearing))
    return wrappers


def _deed(call: Node, above: tuple[Node, ...], wrappers: dict[int, list[tuple[int, bool]]]) -> _Deed | None:
    called, arguments = call["expression"], call["arguments"]
    roles = wrappers.get(called.get("referencedDeclaration") or 0)
    if roles:
        # A wrapper that gives and clears again leaves nothing.
        index, is_clearing = max(roles, key=lambda role: role[1])
        return _Deed(call, arguments[index], is_clearing)
    name = called.get("memberName")
    if name in _APPROVALS:
        # Of a library that is named, the token is the first argument; else the call is made on the token.
        of_library = type_of(called["expression"]).startswith("t_type$_t_contract$")
        spender, amount = arguments[1:3] if of_library else arguments[:2]
        return _Deed(call, spender, is_clearing=amount.get("value") == "0")
    if name == "allowance" and _is_held_against(call, above):
        return _Deed(call, arguments[1], is_clearing=True)
    return None


def _is_held_against(call: Node, above: tuple[Node, ...]) -> bool:
    """Tell whether the function reverts on what a call answers, or on the variable that keeps it."""
    kept = {
        variable["id"]
        for statement in above
        if statement["nodeType"] == "VariableDeclarationStatement"
        for variable in statement["declarations"]
        if variable is not None
    }
    conditions = map(revert_condition, walk(_function_of(above)))
    return any(
        below.get("id") == call["id"] or below.get("referencedDeclaration") in kept
        for condition in conditions
        if condition is not None
        for below in walk(condition)
    )


def _parameter(node: Node, function: Node | None) -> int | None:
    """Index of the parameter that an expression is; None for anything else."""
    if function is None:
        return None
    ids = [parameter["id"] for parameter in function["parameters"]["parameters"]]
    declared = node.get("referencedDeclaration")
    is_inside = function["visibility"] in ("internal", "private")
    return ids.index(declared) if is_inside and declared in ids else None


def _function_of(above: tuple[Node, ...]) -> Node | None:
    return next((node for node in reversed(above) if node["nodeType"] == "FunctionDefinition"), None)


def _contract_of(above: tuple[Node, ...]) -> str:
    return next((str(node["name"]) for node in above if node["nodeType"] == "ContractDefinition"), "")
