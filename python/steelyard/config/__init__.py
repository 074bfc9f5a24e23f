"""Configuration: the one place that reads the environment and files."""

from steelyard.config.loader import load_config, parse_config
from steelyard.config.schema import (
    ArbitrageConfig,
    ChainConfig,
    Config,
    KeeperConfig,
    LimitsConfig,
    MarketConfig,
)

__all__ = [
    "ArbitrageConfig",
    "ChainConfig",
    "Config",
    "KeeperConfig",
    "LimitsConfig",
    "MarketConfig",
    "load_config",
    "parse_config",
]
