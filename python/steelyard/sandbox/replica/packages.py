"""Byte code from pinned packages: read only after its hash was checked.

``packages.lock.json`` lists every file that the replica reads, with its package, version and SHA-256; the
Python wheel is checked as a whole. Nothing of the packages is committed: npm installs them into
``node_modules``, the set-up puts the wheel into ``.steelyard/packages``.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from eth_utils.crypto import keccak

from steelyard.sandbox.replica.errors import ReplicaError

LOCK_FILE: Final = Path(__file__).with_name("packages.lock.json")
WHEEL_FOLDER: Final = Path(".steelyard/packages")
_JS_BYTECODE: Final = re.compile(r'const _bytecode = "(0x[0-9a-f]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a piece of byte code came from.

    Attributes:
        package: npm name, or PyPI name.
        version: exact version.
        file: path inside the package.
    """

    package: str
    version: str
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """Creation code of one contract, and where it came from.

    Attributes:
        creation: creation code; where libraries must be linked, zeros stand in their places.
        links: byte offsets of each library's address in `creation`, by library name.
    """

    name: str
    creation: bytes
    origin: Origin
    links: dict[str, tuple[int, ...]]

    def linked(self, libraries: dict[str, str]) -> bytes:
        """Creation code with the libraries' addresses put in.

        Raises:
            ReplicaError: a library that the code needs is not in `libraries`.
        """
        code = bytearray(self.creation)
        for library, offsets in self.links.items():
            if library not in libraries:
                raise ReplicaError(f"{self.name} needs the library {library}, which is not placed")
            for offset in offsets:
                code[offset : offset + 20] = bytes.fromhex(libraries[library][2:])
        return bytes(code)


class Packages:
    """Reads files of the pinned packages under the project's folder.

    Args:
        root: the project's folder, with ``node_modules`` and ``.steelyard/packages``.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock: dict[str, Any] = json.loads(LOCK_FILE.read_text(encoding="utf-8"))

    @property
    def locked_npm_files(self) -> dict[str, str]:
        """SHA-256 by path below ``node_modules``."""
        files: dict[str, str] = self._lock["npm"]
        return files

    def npm_artifact(self, package: str, file: str) -> Artifact:
        """Creation code from a compiler's JSON artifact in an npm package."""
        content = self._npm_file(package, file)
        return _artifact_from_json(json.loads(content), file, self._npm_origin(package, file))

    def npm_factory(self, package: str, file: str) -> Artifact:
        """Creation code from a TypeChain factory (JavaScript) in an npm package."""
        match = _JS_BYTECODE.search(self._npm_file(package, file).decode())
        if match is None:
            raise ReplicaError(f"{package}/{file} holds no _bytecode")
        name = Path(file).name.partition("__")[0]
        code = bytes.fromhex(match.group(1)[2:])
        return Artifact(name=name, creation=code, origin=self._npm_origin(package, file), links={})

    def npm_text(self, package: str, file: str) -> tuple[str, Origin]:
        """Text of a file in an npm package, a source for instance."""
        return self._npm_file(package, file).decode(), self._npm_origin(package, file)

    def wheel_artifact(self, file: str) -> Artifact:
        """Creation code from a compiler's JSON artifact inside the pinned wheel."""
        wheel = self._lock["wheel"]
        content = json.loads(self._wheel.read(file))
        origin = Origin(package=wheel["package"], version=wheel["version"], file=file)
        return _artifact_from_json(content, file, origin)

    def verify_npm(self, package: str, file: str) -> None:
        """Checks the hash of a file that another program will read.

        Raises:
            ReplicaError: the file is missing, or is not the pinned one.
        """
        self._npm_file(package, file)

    @cached_property
    def _wheel(self) -> zipfile.ZipFile:
        wheel = self._lock["wheel"]
        path = self.root / WHEEL_FOLDER / wheel["file"]
        if not path.is_file():
            raise ReplicaError(f"{path} is missing; `make setup` downloads it")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != wheel["sha256"]:
            raise ReplicaError(
                f"{path} has SHA-256 {digest}, not the pinned {wheel['sha256']}; "
                "delete it and run `make setup` again"
            )
        return zipfile.ZipFile(path)

    def _npm_file(self, package: str, file: str) -> bytes:
        name = f"{package}/{file}"
        path = self.root / "node_modules" / name
        if not path.is_file():
            raise ReplicaError(f"{path} is missing; `make setup` installs the pinned packages")
        content = path.read_bytes()
        expected = self.locked_npm_files.get(name)
        digest = hashlib.sha256(content).hexdigest()
        if digest != expected:
            raise ReplicaError(
                f"{path} has SHA-256 {digest}, not the pinned {expected}; "
                "delete node_modules and run `make setup` again"
            )
        return content

    def _npm_origin(self, package: str, file: str) -> Origin:
        manifest = json.loads(
            (self.root / "node_modules" / package / "package.json").read_text(encoding="utf-8")
        )
        return Origin(package=manifest["name"], version=manifest["version"], file=file)


def code_hash(code: bytes) -> str:
    """Keccak-256 of byte code, as ``0x`` and 64 hex digits."""
    return "0x" + keccak(code).hex()


def _artifact_from_json(content: dict[str, Any], file: str, origin: Origin) -> Artifact:
    bytecode = content["bytecode"]
    references = content.get("linkReferences") or {}
    if isinstance(bytecode, dict):
        references = bytecode.get("linkReferences") or {}
        bytecode = bytecode["object"]
    # A place to be linked is written __$...$__ in the hexadecimal text.
    text = re.sub(r"__.{38}", "0" * 40, bytecode.removeprefix("0x"))
    links = {
        library: tuple(int(place["start"]) for place in places)
        for libraries in references.values()
        for library, places in libraries.items()
    }
    return Artifact(name=Path(file).stem, creation=bytes.fromhex(text), origin=origin, links=links)
