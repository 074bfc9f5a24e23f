"""The keeper: the only place that joins the stages. Start at ``keeper.py``."""
