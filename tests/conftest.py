pytest_plugins = ["datahall.testing.plugin", "tests.shared_site"]
