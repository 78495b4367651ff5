"""Folds: a model trained several times, each time judged on another part of its training data."""
