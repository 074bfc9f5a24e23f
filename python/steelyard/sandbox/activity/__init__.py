"""Seeded market activity on the replica: traders swap in every block, pools drift apart and back."""

from steelyard.sandbox.activity.crowd import HOME_WEI
from steelyard.sandbox.activity.market import MarketActivity
from steelyard.sandbox.activity.prices import FairPrices
from steelyard.sandbox.activity.traders import FOLLOWERS, NOISE_TRADERS, Trader

__all__ = ["FOLLOWERS", "HOME_WEI", "NOISE_TRADERS", "FairPrices", "MarketActivity", "Trader"]
