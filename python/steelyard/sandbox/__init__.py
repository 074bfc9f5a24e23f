"""The embedded default and public test kit: a mainnet replica, market activity, funding by storage writes."""
