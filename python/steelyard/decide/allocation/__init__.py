"""What share of a vault each pool gets: scores to weights to amounts, as the contracts compute them."""
