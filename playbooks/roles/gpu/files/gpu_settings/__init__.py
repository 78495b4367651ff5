"""The program gpu-settings; what it does is told in __main__.py."""
