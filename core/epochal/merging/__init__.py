"""Merging runs folders: what `epochal.merge` consists of."""
