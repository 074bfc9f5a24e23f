"""Arbitrage between pools: find cycles, size them in integers, choose the lender, explain every answer."""

from steelyard.decide.arbitrage.cache import ArbitrageCache
from steelyard.decide.arbitrage.decision import decide
from steelyard.decide.arbitrage.gas import GasModel
from steelyard.decide.arbitrage.lending import LoanCost, NoLender, choose_lender
from steelyard.decide.arbitrage.paths import PathOptimizer
from steelyard.decide.arbitrage.route import Hop, Route
from steelyard.decide.arbitrage.settings import ArbitrageSettings
from steelyard.decide.arbitrage.sizing import AmtOptimizer, Sizing
from steelyard.decide.arbitrage.validation import OpportunityValidator

__all__ = [
    "AmtOptimizer",
    "ArbitrageCache",
    "ArbitrageSettings",
    "GasModel",
    "Hop",
    "LoanCost",
    "NoLender",
    "OpportunityValidator",
    "PathOptimizer",
    "Route",
    "Sizing",
    "choose_lender",
    "decide",
]
