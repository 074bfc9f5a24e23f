"""Which compiler the set-up places."""

from __future__ import annotations

import hashlib
import json
import urllib.error
from pathlib import Path

import pytest

from bootstrap import compiler

pytestmark = pytest.mark.unit

SOLC = "0.8.37+commit.f401782d"


class TestNativeCompiler:
    """A native compiler is taken only if everything about it fits the release that the lock pins."""

    @pytest.fixture(autouse=True)
    def _publisher(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = tmp_path
        self.binary = f'#!/bin/sh\necho "Version: {SOLC}.Linux.g++"\n'.encode()
        self.listed = {"longVersion": SOLC, "path": "solc", "sha256": f"0x{self.sha256()}"}
        monkeypatch.setattr(compiler, "foundry_platform", lambda: "linux-amd64")
        monkeypatch.setattr(compiler, "COMPILER_FOLDER", tmp_path)
        monkeypatch.setattr(compiler, "_program", lambda: tmp_path / "solc-v0.8.37")
        monkeypatch.setattr(compiler, "_probe", lambda program: "bytecode")
        monkeypatch.setattr(compiler, "_get", self.get)
        (tmp_path / "solc-v0.8.37").write_text("wrapper")

    def sha256(self) -> str:
        return hashlib.sha256(self.binary).hexdigest()

    def get(self, address: str) -> bytes:
        return (
            json.dumps({"builds": [self.listed]}).encode() if address.endswith("list.json") else self.binary
        )

    def placed(self) -> bytes:
        return (self.folder / "solc-v0.8.37").read_bytes()

    def test_fitting_one_replaces_the_wrapper(self) -> None:
        compiler._install_native(SOLC)

        assert self.placed() == self.binary

    def test_other_checksum_is_refused(self) -> None:
        self.listed["sha256"] = f"0x{hashlib.sha256(b'other').hexdigest()}"

        with pytest.raises(compiler.NativeUnavailable, match="checksum"):
            compiler._install_native(SOLC)
        assert self.placed() == b"wrapper"

    def test_other_release_is_refused(self) -> None:
        with pytest.raises(compiler.NativeUnavailable, match="does not list it"):
            compiler._install_native("0.8.37+commit.00000000")

    def test_one_that_compiles_differently_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(compiler, "_probe", lambda program: program.name)

        with pytest.raises(compiler.NativeUnavailable, match="does not compile like"):
            compiler._install_native(SOLC)
        assert self.placed() == b"wrapper"

    def test_without_network_the_wrapper_stays_and_the_reason_is_told(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def unreachable(address: str) -> bytes:
            raise urllib.error.URLError("no route")

        monkeypatch.setattr(compiler, "_get", unreachable)
        monkeypatch.setattr(compiler, "_install_wrapper", lambda: SOLC)
        monkeypatch.setattr(compiler, "_hook", lambda: self.folder / "hook.pth")
        monkeypatch.setattr(compiler, "STAMP", self.folder / "stamp")

        outcome = compiler.install()

        assert outcome == f"npm's {SOLC} (native one: no route)"
        assert "SOLCX_BINARY_PATH" in (self.folder / "hook.pth").read_text()
