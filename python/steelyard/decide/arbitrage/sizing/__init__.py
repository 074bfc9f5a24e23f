"""How much to borrow for a route, to the last unit, with the proof. Start reading at ``optimizer.py``."""

from steelyard.decide.arbitrage.sizing.opening import Opening
from steelyard.decide.arbitrage.sizing.optimizer import NOT_WORTH_IT, AmtOptimizer, Sizing, SizingSearch
from steelyard.decide.arbitrage.sizing.segment import Objective

__all__ = ["NOT_WORTH_IT", "AmtOptimizer", "Objective", "Opening", "Sizing", "SizingSearch"]
