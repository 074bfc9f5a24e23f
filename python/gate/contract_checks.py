"""The rules for contracts, one function each; every rule has a test with a contract that breaks it.

What emptied contracts like ours: calls with data of the caller's choice, allowances that stayed, functions
that anybody could call, ``tx.origin``, foreign code run as one's own, answers of a callee that ate the gas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gate.contract_allowances import unchecked_allowances
from gate.contract_program import Program, is_yul_call, type_of
from gate.solidity import Node

_BARE_CALLS = ("t_function_barecall_", "t_function_barestaticcall_")
_FOREIGN_CODE = ("t_function_baredelegatecall_", "t_function_barecallcode_")
# They answer false, nothing, or the truth, as the token likes.
_TOKEN_CALLS = ("transfer", "transferFrom", "approve")
_ENTRIES = ("function", "fallback", "receive")


@dataclass(frozen=True)
class Finding:
    """Something that is against a rule.

    Attributes:
        rule: its name in contract-rules.toml.
        where: ``Contract.function``, or the file.
        path: the file.
        line: from 1; 0 for what is inherited from a package.
        what: in words.
    """

    rule: str
    where: str
    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule} in {self.where}: {self.what}"


def low_level_calls(program: Program) -> Iterator[Finding]:
    """No call whose data could be the caller's choice: every bare call has a reason."""
    for path, node, above in program.nodes("MemberAccess", "YulFunctionCall"):
        if type_of(node).startswith(_BARE_CALLS) or is_yul_call(node, "call", "staticcall"):
            yield _found(program, "low-level-call", path, node, above, "calls without a type")


def foreign_code(program: Program) -> Iterator[Finding]:
    """Nobody else's code runs on our storage, and nothing destroys the contract."""
    for path, node, above in program.nodes("MemberAccess", "YulFunctionCall", "Identifier"):
        if type_of(node).startswith(_FOREIGN_CODE) or is_yul_call(node, "delegatecall", "callcode"):
            yield _found(program, "delegatecall", path, node, above, "runs another contract's code as ours")
        is_end = node.get("name") == "selfdestruct" and (node.get("referencedDeclaration") or 0) < 0
        if is_end or is_yul_call(node, "selfdestruct"):
            yield _found(program, "selfdestruct", path, node, above, "destroys the contract")


def origins(program: Program) -> Iterator[Finding]:
    """Who signed the transaction says nothing about who calls."""
    for path, node, above in program.nodes("MemberAccess", "YulFunctionCall"):
        is_member = node.get("memberName") == "origin" and node["expression"].get("name") == "tx"
        if is_member or is_yul_call(node, "origin"):
            yield _found(program, "tx-origin", path, node, above, "asks who signed, not who calls")


def assemblies(program: Program) -> Iterator[Finding]:
    """Assembly only in files that are listed for it."""
    for path, node, _ in program.nodes("InlineAssembly"):
        yield Finding(
            "assembly", path, path, program.line(path, node), "assembly in a file not listed for it"
        )


def returned_data(program: Program) -> Iterator[Finding]:
    """Answers are not copied without a bound: the callee would choose what our gas is spent on."""
    for path, node, above in program.nodes("FunctionCall", "TryStatement", "YulFunctionCall"):
        if _copies_all(program, node):
            yield _found(program, "returndata", path, node, above, "copies as much as the callee returns")


def _copies_all(program: Program, node: Node) -> bool:
    kind = node["nodeType"]
    if kind == "FunctionCall":
        is_outward = type_of(node["expression"]).startswith(("t_function_external_", *_BARE_CALLS))
        return is_outward and program.is_unbounded(type_of(node))
    if kind == "TryStatement":
        # The first clause is the success; what it is given, the call itself returns.
        caught = [clause.get("parameters") or {} for clause in node["clauses"][1:]]
        variables = [variable for parameters in caught for variable in parameters.get("parameters", ())]
        return any(program.is_unbounded(type_of(variable)) for variable in variables)
    return is_yul_call(node, "returndatacopy") and is_yul_call(node["arguments"][2], "returndatasize")


def token_calls(program: Program) -> Iterator[Finding]:
    """Tokens are moved through SafeTransferLib, which knows those that return false or nothing."""
    for path, node, above in program.nodes("MemberAccess"):
        if node["memberName"] in _TOKEN_CALLS and type_of(node).startswith("t_function_external_"):
            yield _found(program, "token-call", path, node, above, "believes what the token answers")


def allowances(program: Program) -> Iterator[Finding]:
    """Whoever is allowed to take tokens is checked, in the same contract, to have nothing left of it."""
    for path, node, above in unchecked_allowances(program):
        what = "allows, and nothing in this contract sets or checks that allowance to be zero again"
        yield _found(program, "approve", path, node, above, what)


def open_functions(program: Program) -> Iterator[Finding]:
    """Each function that changes state asks who calls: in a modifier, or first of all in its body."""
    for path, function, owner in _entries(program):
        if function["stateMutability"] in ("view", "pure") or function["kind"] == "receive":
            continue
        modifiers = [
            program.by_id[one["modifierName"]["referencedDeclaration"]] for one in function["modifiers"]
        ]
        if not any(program.checks_sender(code) for code in (*modifiers, *_first(program, function))):
            yield _entry_found(program, "access", path, function, owner, "does not ask who calls")


def _first(program: Program, function: Node) -> Iterator[Node]:
    """The statements up to the first that does more than to look something up in a variable."""
    for statement in function["body"]["statements"]:
        yield statement
        if statement["nodeType"] != "VariableDeclarationStatement" or not program.only_reads(statement):
            return


def ether_entries(program: Program) -> Iterator[Finding]:
    """Where ether can come in, somebody has thought about how it gets out."""
    for path, function, owner in _entries(program):
        if function["stateMutability"] == "payable":
            yield _entry_found(program, "ether", path, function, owner, "accepts ether")


def _entries(program: Program) -> Iterator[tuple[str, Node, Node]]:
    """(path, function, contract that defines it) of what can be called from outside, inherited or not."""
    paths = {unit["id"]: path for path, unit in program.sources.units.items()}
    seen: set[int] = set()
    for _, contract, _ in program.nodes("ContractDefinition"):
        if contract["contractKind"] != "contract" or contract["abstract"]:
            continue
        selectors: set[str] = set()
        for base in (program.by_id[one] for one in contract["linearizedBaseContracts"]):
            for function in _outside(base):
                selector = function.get("functionSelector") or function["kind"]
                # The most derived comes first; what it overrides cannot be called.
                if selector not in selectors and function["id"] not in seen:
                    seen.add(function["id"])
                    yield paths[base["scope"]], function, base
                selectors.add(selector)


def _outside(contract: Node) -> Iterator[Node]:
    for node in contract["nodes"]:
        is_function = node["nodeType"] == "FunctionDefinition" and node["implemented"]
        if is_function and node["kind"] in _ENTRIES and node["visibility"] in ("public", "external"):
            yield node


def _entry_found(program: Program, rule: str, path: str, function: Node, owner: Node, what: str) -> Finding:
    line = program.line(path, function) if path in program.sources.texts else 0
    return Finding(rule, f"{owner['name']}.{function['name'] or function['kind']}", path, line, what)


def _found(program: Program, rule: str, path: str, node: Node, above: tuple[Node, ...], what: str) -> Finding:
    return Finding(rule, program.place(above, path), path, program.line(path, node), what)


RULES: tuple[Callable[[Program], Iterator[Finding]], ...] = (
    low_level_calls,
    foreign_code,
    origins,
    assemblies,
    returned_data,
    token_calls,
    allowances,
    open_functions,
    ether_entries,
)
