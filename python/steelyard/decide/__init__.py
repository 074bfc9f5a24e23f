"""Pure decisions: no IO, no clock, no randomness; snapshot, settings and caches are arguments."""
