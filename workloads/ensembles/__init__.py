"""Ensembles: registered versions of a classifier that answer together, as one version."""
