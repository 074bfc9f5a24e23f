"""Settings of the plugin."""

from __future__ import annotations

from ape.api.config import PluginConfig
from pydantic_settings import SettingsConfigDict


class SteelyardConfig(PluginConfig):
    """What ape-config.yaml may say under ``steelyard:``; the environment wins over the file."""

    model_config = SettingsConfigDict(extra="forbid", env_prefix="STEELYARD_")

    mainnet_rpc_url: str | None = None
    """A real Ethereum node to fork from (``STEELYARD_MAINNET_RPC_URL``); None is the replica."""
