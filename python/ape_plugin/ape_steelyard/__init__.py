"""Ape's plugin of Steelyard.

Three things, all found by Ape without any import in a test or script:

* the provider ``steelyard`` of ``ethereum:mainnet``. ``ethereum:mainnet-fork:foundry`` forks from it: from a
  real node where ``STEELYARD_MAINNET_RPC_URL`` names one, else from the replica, which it starts on a free
  port when somebody asks for its address;
* the compiler of ``.sol`` files with the metadata setting that Foundry has too, so that both produce the same
  bytecode;
* a build that is older than a source is discarded, because Ape would leave importing contracts stale.
"""

from __future__ import annotations

from collections.abc import Iterator

from ape import plugins
from ape.api.compiler import CompilerAPI
from ape.api.config import PluginConfig
from ape.api.providers import ProviderAPI
from ape.plugins.compiler import CompilerPlugin
from ape.plugins.config import Config
from ape.plugins.network import ProviderPlugin


@plugins.register(Config)
def config_class() -> type[PluginConfig]:
    """The settings under ``steelyard:`` in ape-config.yaml."""
    from ape_steelyard.config import SteelyardConfig

    return SteelyardConfig


@plugins.register(ProviderPlugin)
def providers() -> Iterator[tuple[str, str, type[ProviderAPI]]]:
    """The upstream of ``ethereum:mainnet-fork``; whoever connects does so before using a build."""
    from ape_steelyard.freshness import discard_stale_build
    from ape_steelyard.provider import MainnetProvider

    discard_stale_build()
    yield "ethereum", "mainnet", MainnetProvider


# Ape keeps the first compiler that is registered for an extension, and hands over the last first.
@plugins.register(CompilerPlugin, trylast=True)
def register_compiler() -> tuple[tuple[str, ...], type[CompilerAPI]]:
    """Solidity with Foundry's metadata setting; ``ape compile`` asks for it before it looks at a build."""
    from ape_steelyard.compiler import SharedSettingsCompiler
    from ape_steelyard.freshness import discard_stale_build

    discard_stale_build()

    return (".sol",), SharedSettingsCompiler
