"""WETH9: mainnet's compiler on a published copy of its source.

The package holds a copy of the source that was made acceptable to a later compiler. Two spellings are turned
back (`emit` before events, `external` on the nameless function), and the compiler that mainnet's contract
names in its metadata, 0.4.19 without optimizer, gives code of mainnet's length.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Final

from steelyard.sandbox.replica.errors import ReplicaError
from steelyard.sandbox.replica.packages import Artifact
from steelyard.sandbox.replica.protocol import Protocol
from steelyard.sandbox.replica.tokens import USD_E8, WETH
from steelyard.sandbox.replica.workbench import ARCHITECT, Workbench

_COMPILE_JS: Final = """
const solc = require("solc-0.4.19");
let source = "";
process.stdin.on("data", part => source += part);
process.stdin.on("end", () => {
  const output = solc.compile(source, 0);
  const contract = output.contracts[":WETH9"];
  process.stdout.write(JSON.stringify({errors: output.errors, bytecode: contract && contract.bytecode}));
});
"""
_SUPPLY_USD: Final = 6_000_000_000


def _mainnet_spelling(source: str) -> str:
    source = re.sub(r"\bemit ", "", source)
    source = source.replace("function() external payable", "function() public payable")
    return source.replace("pragma solidity >=0.4.22 <0.6;", "pragma solidity ^0.4.18;")


def _compile(bench: Workbench) -> Artifact:
    source, origin = bench.packages.npm_text("canonical-weth", "contracts/WETH9.sol")
    root = bench.packages.root
    done = subprocess.run(
        ["node", "-e", _COMPILE_JS],
        input=_mainnet_spelling(source),
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode != 0:
        raise ReplicaError(f"node could not compile WETH9: {done.stderr.strip()[-1000:]}")
    output = json.loads(done.stdout)
    if not output.get("bytecode"):
        raise ReplicaError(f"WETH9 does not compile: {output.get('errors')}")
    creation = bytes.fromhex(output["bytecode"])
    return Artifact(name=Path(origin.file).stem, creation=creation, origin=origin, links={})


def build(bench: Workbench) -> None:
    """Places WETH9 and wraps ether for the architect."""
    bench.packages.verify_npm("solc-0.4.19", "soljson.js")
    bench.place_real(
        WETH.address,
        _compile(bench),
        check="source of the package, spelt as on mainnet, through solc 0.4.19: code of mainnet's length "
        "(3,124 bytes); the metadata hash at its end is not compared",
    )
    supply = _SUPPLY_USD * USD_E8 * 10**WETH.decimals // WETH.price_usd_e8
    bench.send(WETH.address, "deposit()", value_wei=supply)
    (wrapped,) = bench.read(WETH.address, "balanceOf(address)", "(uint256)", ARCHITECT)
    if wrapped != supply:
        raise ReplicaError(f"WETH9 credited {wrapped} wei for a deposit of {supply}")


PROTOCOL: Final = Protocol(name="WETH9", build=build)
