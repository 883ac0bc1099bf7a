"""The companion: a second process beside each training process, for all that may be slow or fail."""
