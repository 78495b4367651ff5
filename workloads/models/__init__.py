"""The models that can be trained: a package each, behind one table."""
