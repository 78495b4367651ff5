"""The emulated AWS as a process of its own: moto, our overlay, a journal."""
