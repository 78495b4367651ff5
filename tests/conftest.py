pytest_plugins = ["datahall.testing.plugin"]
