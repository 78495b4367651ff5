"""The models that can be trained and served: a table, each with its own typed configuration."""
