"""Steelyard: a smart-contract-first DeFi toolkit with a Python keeper."""

__version__ = "0.1.0"
