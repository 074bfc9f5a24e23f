"""What is measured, one file a side; all but ours run in a peer's environment and import only that peer."""
