"""The policy pack: one rule a file, listed by `policies.catalogue`, served by `__main__.py`."""
