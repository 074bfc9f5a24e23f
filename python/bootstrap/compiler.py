"""The Solidity compiler: the native program where it can be downloaded, else npm's behind a small program.

Both are the same release: npm's is pinned by hash in package-lock.json, and a native one is taken only if its
commit is that of npm's, its file has the checksum of the publisher's list, and it compiles a probe to the
same bytecode.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import urllib.request
from pathlib import Path

from bootstrap import environment, stamps
from bootstrap.console import SetupError
from bootstrap.layout import COMPILER_FOLDER, NODE_LOCK, NODE_MODULES, foundry_platform

WRAPPER = Path(__file__).with_name("solc_wrapper.js")
STAMP = COMPILER_FOLDER / ".steelyard-compiler"
DOWNLOADS = "https://binaries.soliditylang.org"
PLATFORMS = {
    "linux-amd64": "linux-amd64",
    "linux-arm64": "linux-arm64",
    "darwin-amd64": "macosx-amd64",
    "darwin-arm64": "macosx-amd64",
}
CONNECT_TIMEOUT_SECONDS = 4
COMPILE_TIMEOUT_SECONDS = 120
PROBE = {
    "language": "Solidity",
    "sources": {
        "Probe.sol": {
            "content": "pragma solidity >=0.8.0; contract Probe { mapping(address => uint256) public held;"
            " function take(uint256 much) external { held[msg.sender] += much * 3 / 7; } }"
        }
    },
    "settings": {
        "optimizer": {"enabled": True, "runs": 200},
        "outputSelection": {"*": {"*": ["evm.bytecode.object"]}},
    },
}
# Read by every Python of the environment at its start: py-solc-x looks for compilers there instead of in the
# home folder, and Ape finds anvil even where the environment is not activated.
PATH_HOOK_NAME = "steelyard_compiler.pth"
PATH_HOOK = (
    "import os, sys; "
    "os.environ.setdefault('SOLCX_BINARY_PATH', os.path.join(sys.prefix, 'solcx')); "
    "here = os.path.join(sys.prefix, 'bin'); path = os.environ.get('PATH', os.defpath); "
    "os.environ['PATH'] = path if here in path.split(os.pathsep) else here + os.pathsep + path\n"
)


class NativeUnavailable(Exception):
    """The native compiler cannot be had; the message says why."""


def is_current() -> bool:
    """True if the compiler is there, and the tools are told where."""
    return stamps.is_current(STAMP, _key()) and _program().is_file() and _hook_is_right()


def install() -> str:
    """Place the compiler as ``.venv/solcx/solc-v<version>``.

    Raises:
        SetupError: not even npm's compiler runs.
    """
    COMPILER_FOLDER.mkdir(parents=True, exist_ok=True)
    stamps.forget(STAMP)
    version = _install_wrapper()
    try:
        _install_native(version)
        outcome = f"native {version}"
    except (NativeUnavailable, OSError, ValueError, subprocess.SubprocessError) as reason:
        outcome = f"npm's {version} (native one: {getattr(reason, 'reason', reason)})"
    _hook().write_text(PATH_HOOK, encoding="utf-8")
    stamps.remember(STAMP, _key())
    return outcome


def _install_wrapper() -> str:
    """Place the wrapper, and return the long version such as ``0.8.37+commit.f401782d``."""
    version_file = COMPILER_FOLDER / "version"
    stamps.forget(version_file)
    draft = COMPILER_FOLDER / "draft"
    shutil.copyfile(WRAPPER, draft)
    draft.chmod(0o755)
    try:
        native_form = _version_of(draft)
    except (OSError, subprocess.SubprocessError, NativeUnavailable) as error:
        remedy = "remove node_modules and try again"
        raise SetupError(f"npm's compiler does not run: {error}", remedy) from error
    draft.replace(_program())
    stamps.remember(version_file, native_form)
    return ".".join(native_form.split(".")[:4])


def _install_native(version: str) -> None:
    """Replace the wrapper by the native compiler.

    Raises:
        NativeUnavailable: it cannot be had, or is not what it should be.
    """
    folder = PLATFORMS.get(foundry_platform())
    if folder is None:
        raise NativeUnavailable(f"none is published for {foundry_platform()}")
    listed = json.loads(_get(f"{DOWNLOADS}/{folder}/list.json"))
    build = next((entry for entry in listed["builds"] if entry["longVersion"] == version), None)
    if build is None:
        raise NativeUnavailable("the publisher does not list it")
    content = _get(f"{DOWNLOADS}/{folder}/{build['path']}")
    if f"0x{hashlib.sha256(content).hexdigest()}" != build["sha256"]:
        raise NativeUnavailable("the download has another checksum than the publisher's list")
    draft = COMPILER_FOLDER / "draft"
    draft.write_bytes(content)
    draft.chmod(0o755)
    if not _version_of(draft).startswith(version) or _probe(draft) != _probe(_program()):
        draft.unlink()
        raise NativeUnavailable("the download does not compile like npm's")
    draft.replace(_program())


def _get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=CONNECT_TIMEOUT_SECONDS) as answer:
        content: bytes = answer.read()
    return content


def _version_of(program: Path) -> str:
    done = subprocess.run(
        [str(program), "--version"],
        capture_output=True,
        text=True,
        timeout=COMPILE_TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode != 0 or "Version: " not in done.stdout:
        raise NativeUnavailable(done.stderr.strip() or "it does not tell its version")
    return done.stdout.split("Version: ", 1)[1].strip()


def _probe(program: Path) -> str:
    done = subprocess.run(
        [str(program), "--standard-json"],
        input=json.dumps(PROBE),
        capture_output=True,
        text=True,
        timeout=COMPILE_TIMEOUT_SECONDS,
        check=True,
    )
    bytecode: str = json.loads(done.stdout)["contracts"]["Probe.sol"]["Probe"]["evm"]["bytecode"]["object"]
    return bytecode


def _program() -> Path:
    """Where py-solc-x looks for the release that npm's lock names."""
    locked = json.loads(NODE_LOCK.read_text(encoding="utf-8"))
    return COMPILER_FOLDER / f"solc-v{locked['packages']['node_modules/solc']['version']}"


def _hook() -> Path:
    return environment.site_packages() / PATH_HOOK_NAME


def _hook_is_right() -> bool:
    return _hook().is_file() and _hook().read_text(encoding="utf-8") == PATH_HOOK


def _key() -> str:
    return stamps.key_of([WRAPPER, NODE_MODULES / "solc" / "package.json"])
