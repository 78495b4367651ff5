"""datahall: an AI data centre as Python code."""
