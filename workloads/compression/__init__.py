"""Compression: a registered classifier made smaller and faster, and refused where it lost too much."""
