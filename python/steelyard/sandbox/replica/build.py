"""Builds the replica's state, once for each set of inputs.

The key of a build is a hash over everything that it depends on: the lock of the npm packages, the lock of the
files read from packages, the sources of the replica and of our models, and the compiler's settings. A
finished build is a folder ``.steelyard/replica/<key>`` that appears in one rename; what is there but damaged
is built again.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from steelyard.sandbox.anvil import Anvil, native_anvil
from steelyard.sandbox.replica.errors import ReplicaError
from steelyard.sandbox.replica.manifest import (
    ContractRecord,
    Manifest,
    PoolRecord,
    TokenRecord,
    read_manifest,
)
from steelyard.sandbox.replica.market import make_market
from steelyard.sandbox.replica.models import SOURCES, Models
from steelyard.sandbox.replica.packages import LOCK_FILE, Packages, code_hash
from steelyard.sandbox.replica.registry import PROTOCOLS
from steelyard.sandbox.replica.tokens import MARKET_TOKENS
from steelyard.sandbox.replica.workbench import Placement, Workbench
from steelyard.sandbox.rpc import SandboxRpc

GENESIS_NUMBER: Final = 18_806_000
GENESIS_TIMESTAMP_SECONDS: Final = 1_702_800_000
"""2023-12-17 08:00:00 UTC. Fixed, so that every build gives the same blocks."""

GAS_LIMIT: Final = 30_000_000
"""Gas of a block on the served replica, as on mainnet."""

HARDFORK: Final = "prague"
CACHE: Final = Path(".steelyard/replica")
_KEPT_BUILDS: Final = 4
_STATE: Final = "state.json"
_MANIFEST: Final = "manifest.json"
_DIGEST: Final = "state.sha256"
# Only for building: constructors run as code of an account, and creation code is longer than EIP-170 lets
# code be. The replica is served without these.
_BUILD_FLAGS: Final = (
    "--auto-impersonate",
    "--code-size-limit",
    "10000000",
    "--gas-limit",
    "100000000000",
)

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many steps are done, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaState:
    """A finished build on disk."""

    state_file: Path
    manifest: Manifest


def project_root() -> Path:
    """The project's folder: the one that this source lies in, or the working directory.

    Raises:
        ReplicaError: neither holds ``package-lock.json``.
    """
    for candidate in (Path(__file__).resolve().parents[4], Path.cwd()):
        if (candidate / "package-lock.json").is_file():
            return candidate
    raise ReplicaError("the replica is built from the packages of a checkout of the project: run inside one")


def build_key(root: Path) -> str:
    """Names the inputs of a build: 16 hex digits."""
    digest = hashlib.sha256(HARDFORK.encode())
    for path in _inputs(root):
        digest.update(str(path.name).encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _inputs(root: Path) -> Iterator[Path]:
    here = Path(__file__).parent
    yield root / "package-lock.json"
    yield root / "foundry.toml"
    yield LOCK_FILE
    yield from (here.parent / name for name in ("abi.py", "mining.py"))
    yield from sorted(here.rglob("*.py"))
    yield from sorted((root / SOURCES).glob("*.sol"))


def ensure_state(root: Path, progress: Progress | None = None) -> ReplicaState:
    """The finished build of the current inputs; builds it if it is missing or damaged.

    Raises:
        ReplicaError: a package or tool is missing or not the pinned one, or building failed.
    """
    key = build_key(root)
    folder = root / CACHE / key
    found = find_state(root)
    if found is not None:
        return found
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="building-", dir=folder.parent))
    try:
        _build_into(scratch, root, key, progress or _silent)
        _publish(scratch, folder)
        _sweep(folder.parent)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    built = find_state(root)
    if built is None:
        raise ReplicaError(f"the build in {folder} cannot be read back; is the disk full?")
    return built


def find_state(root: Path) -> ReplicaState | None:
    """The finished build of the current inputs, or None if it is missing or damaged."""
    folder = root / CACHE / build_key(root)
    state = folder / _STATE
    try:
        digest = hashlib.sha256(state.read_bytes()).hexdigest()
        if (folder / _DIGEST).read_text(encoding="ascii") != digest:
            return None
        return ReplicaState(state_file=state, manifest=read_manifest(folder / _MANIFEST))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _silent(step: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def _publish(scratch: Path, folder: Path) -> None:
    """Moves a finished build to its place; if another process was first, its build is as good."""
    try:
        scratch.rename(folder)
    except OSError:
        damaged = Path(tempfile.mkdtemp(prefix="damaged-", dir=folder.parent))
        if folder.exists():
            folder.rename(damaged / "build")
        scratch.rename(folder)
        shutil.rmtree(damaged, ignore_errors=True)


def _sweep(cache: Path) -> None:
    """Forgets all but the newest builds: of older sources, and what a killed build left behind."""
    folders = [path for path in cache.iterdir() if path.is_dir()]
    folders.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for old in folders[_KEPT_BUILDS:]:
        shutil.rmtree(old, ignore_errors=True)


def _build_into(folder: Path, root: Path, key: str, progress: Progress) -> None:
    arguments = [
        *serving_arguments(GENESIS_TIMESTAMP_SECONDS),
        "--number",
        str(GENESIS_NUMBER),
        *_BUILD_FLAGS,
    ]
    with (
        Anvil(native_anvil(root), arguments) as anvil,
        SandboxRpc(anvil.rpc_url) as rpc,
    ):
        bench = Workbench(rpc, Packages(root), Models(root), GENESIS_TIMESTAMP_SECONDS)
        pools = _run_registry(bench, progress)
        manifest = _manifest_of(rpc, key, bench.placements, pools)
        _save(folder, rpc, manifest)


def serving_arguments(timestamp_seconds: int) -> list[str]:
    """Anvil's arguments that building and serving share."""
    return [
        "--chain-id",
        "1",
        "--hardfork",
        HARDFORK,
        "--no-mining",
        "--order",
        "fees",
        "--timestamp",
        str(timestamp_seconds),
    ]


def _run_registry(bench: Workbench, progress: Progress) -> tuple[PoolRecord, ...]:
    total = len(PROTOCOLS) + 1
    for done, protocol in enumerate(PROTOCOLS):
        progress(protocol.name, done, total)
        bench.begin(protocol.name)
        protocol.build(bench)
        bench.settle()
    progress("pools", len(PROTOCOLS), total)
    pools = make_market(bench)
    # The last block has mainnet's gas limit; those that follow it on the served replica inherit it.
    bench.rpc.call("evm_setBlockGasLimit", hex(GAS_LIMIT))
    bench.mine_empty()
    progress("done", total, total)
    return pools


def _manifest_of(
    rpc: SandboxRpc, key: str, placements: list[Placement], pools: tuple[PoolRecord, ...]
) -> Manifest:
    block = rpc.call("eth_getBlockByNumber", "latest", False)
    codes = rpc.batch([("eth_getCode", [each.address, "latest"]) for each in placements])
    return Manifest(
        key=key,
        block_number=int(block["number"], 16),
        block_hash=block["hash"],
        block_timestamp_seconds=int(block["timestamp"], 16),
        contracts=tuple(
            _contract_record(placement, code) for placement, code in zip(placements, codes, strict=True)
        ),
        tokens=tuple(
            TokenRecord(
                symbol=token.symbol,
                address=token.address,
                decimals=token.decimals,
                price_usd_e8=token.price_usd_e8,
            )
            for token in MARKET_TOKENS
        ),
        pools=pools,
    )


def _contract_record(placement: Placement, code: str) -> ContractRecord:
    origin = placement.origin
    version = f"@{origin.version}" if origin.version else ""
    return ContractRecord(
        protocol=placement.protocol,
        name=placement.name,
        address=placement.address,
        kind=placement.kind,
        package=f"{origin.package}{version}",
        file=origin.file,
        code_hash=code_hash(bytes.fromhex(code[2:])),
        check=placement.check,
    )


def dump_state(rpc: SandboxRpc) -> bytes:
    """All that the node holds, for ``anvil --load-state``; equal chains are equal bytes."""
    dumped: str = rpc.call("anvil_dumpState")
    state: dict[str, Any] = json.loads(gzip.decompress(bytes.fromhex(dumped[2:])))
    # Anvil lists both in no order of its own.
    state["blocks"].sort(key=lambda block: int(block["header"]["number"], 16))
    state["transactions"].sort(key=lambda mined: (mined["block_number"], mined["info"]["transaction_index"]))
    return json.dumps(state, separators=(",", ":"), sort_keys=True).encode()


def _save(folder: Path, rpc: SandboxRpc, manifest: Manifest) -> None:
    content = dump_state(rpc)
    with (folder / _STATE).open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    manifest.write(folder / _MANIFEST)
    digest = hashlib.sha256(content).hexdigest()
    (folder / _DIGEST).write_text(digest, encoding="ascii")
