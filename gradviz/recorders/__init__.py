"""Turn a computation into a Graph."""
