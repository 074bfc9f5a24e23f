"""Ape's Solidity compiler with the one setting that ape-config.yaml cannot express."""

from __future__ import annotations

from typing import Any

from ape_solidity.compiler import SolidityCompiler

# As `bytecode_hash` in foundry.toml. With a hash of the sources in it, bytecode would change with a comment,
# and with Ape's remappings, which depend on what happens to be compiled together.
METADATA = {"bytecodeHash": "none"}


class SharedSettingsCompiler(SolidityCompiler):
    """SolidityCompiler that leaves the hash of the metadata out of the bytecode, as Foundry does."""

    def _get_settings_from_version_map(self, *args: Any, **kwargs: Any) -> dict[Any, dict[str, Any]]:
        settings: dict[Any, dict[str, Any]] = super()._get_settings_from_version_map(*args, **kwargs)
        for of_version in settings.values():
            of_version["metadata"] = dict(METADATA)
        return settings
