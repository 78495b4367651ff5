"""Answers from a knowledge file, by the nearest known question; a refusal where none is near."""
