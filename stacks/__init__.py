"""The Pulumi program, and its environments as data."""
