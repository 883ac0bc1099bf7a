"""The journal: the append-only binary file that one process writes and anybody may read."""
