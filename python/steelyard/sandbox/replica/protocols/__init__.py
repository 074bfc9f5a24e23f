"""The protocols of the replica, one file each."""
