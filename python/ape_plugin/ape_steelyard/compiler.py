"""Ape's Solidity compiler, brought to where Foundry's is: same packages, same bytecode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ape.managers.project import ProjectManager
from ape_solidity.compiler import SolidityCompiler
from ethpm_types import ContractType

# As `bytecode_hash` in foundry.toml. With a hash of the sources in it, bytecode would change with a comment,
# and with Ape's remappings, which depend on what happens to be compiled together.
METADATA = {"bytecodeHash": "none"}


class SharedSettingsCompiler(SolidityCompiler):
    """SolidityCompiler that reads ``node_modules`` and leaves the metadata's hash out of the bytecode."""

    def compile(
        self,
        contract_filepaths: Iterable[Path],
        project: ProjectManager | None = None,
        settings: dict[str, Any] | None = None,
    ) -> Iterator[ContractType]:
        """Compile where the project is.

        Ape compiles a copy in a temporary folder, and remapped packages are not in it.
        """
        manager = project or self.local_project
        paths = [manager.path / path for path in contract_filepaths]  # an absolute path stays as it is
        yield from self._compile(paths, project=manager, settings=settings or {})

    def _get_settings_from_version_map(self, *args: Any, **kwargs: Any) -> dict[Any, dict[str, Any]]:
        settings: dict[Any, dict[str, Any]] = super()._get_settings_from_version_map(*args, **kwargs)
        for of_version in settings.values():
            of_version["metadata"] = dict(METADATA)
        return settings
