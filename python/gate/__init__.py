"""Runs the stages behind `make lint` and `make test`, all of them, and adds up what they found."""
