"""The emulated world that sandboxed environments run against."""
