"""Runnable scripts a learner would write."""
