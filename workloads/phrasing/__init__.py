"""Phrasing: a language model puts a retrieved passage into words for who asked, and may add no fact."""
