"""Serving: the production version of a model over HTTP, in batches, with truthful probes."""
