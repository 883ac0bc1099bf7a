"""Runs out of and into Epochal: the formats that `epochal export` writes and `epochal import` reads."""
