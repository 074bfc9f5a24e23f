"""The chain as the keeper sees it: pools, lenders and gas, followed block by block."""
