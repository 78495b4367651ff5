"""Compression: a registered version made smaller and faster, and refused where it lost too much."""
