"""The registry: models by version with their cards, an audit log, and a gate before production."""
