"""Judging: how good a registered version is, on what, how fast, and why; as a report for people."""
