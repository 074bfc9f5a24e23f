"""Tests, by kind: unit, property, invariant, fork, e2e; support is what they share."""
