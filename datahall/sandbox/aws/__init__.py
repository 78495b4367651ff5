"""The emulated AWS: a server of our own process, and a provider plugin that talks to it."""
