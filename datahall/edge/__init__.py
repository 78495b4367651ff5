"""A registered model, served by the emulated hosts behind their edge."""
