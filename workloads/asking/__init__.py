"""Asking: a registered version of a model, loaded here, answers one question."""
