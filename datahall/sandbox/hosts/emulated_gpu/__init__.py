"""Stands in for the GPU tools on emulated hosts; runs on the host with nothing but Python's own library."""
