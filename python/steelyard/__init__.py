"""Steelyard: a smart-contract-first DeFi toolkit with a Python keeper.

The names below can be imported from here; each is loaded when asked for, so importing one costs no other.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from steelyard.act.executor import GasOptimizedExecutor
    from steelyard.act.recovery_system import ErrorRecoverySystem
    from steelyard.app.flash_loans import EnhancedFlashLoanManager
    from steelyard.decide.allocation.weights import WeightModel
    from steelyard.decide.arbitrage.paths import PathOptimizer
    from steelyard.decide.arbitrage.sizing import AmtOptimizer
    from steelyard.decide.arbitrage.validation import OpportunityValidator
    from steelyard.record.performance import PerformanceMonitor
    from steelyard.record.tables import ArbitrageRecord

__version__ = "0.1.0"

__all__ = [
    "AmtOptimizer",
    "ArbitrageRecord",
    "EnhancedFlashLoanManager",
    "ErrorRecoverySystem",
    "GasOptimizedExecutor",
    "OpportunityValidator",
    "PathOptimizer",
    "PerformanceMonitor",
    "WeightModel",
    "__version__",
]

_HOMES: Final = {
    "AmtOptimizer": "steelyard.decide.arbitrage.sizing",
    "ArbitrageRecord": "steelyard.record.tables",
    "EnhancedFlashLoanManager": "steelyard.app.flash_loans",
    "ErrorRecoverySystem": "steelyard.act.recovery_system",
    "GasOptimizedExecutor": "steelyard.act.executor",
    "OpportunityValidator": "steelyard.decide.arbitrage.validation",
    "PathOptimizer": "steelyard.decide.arbitrage.paths",
    "PerformanceMonitor": "steelyard.record.performance",
    "WeightModel": "steelyard.decide.allocation.weights",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'steelyard' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
