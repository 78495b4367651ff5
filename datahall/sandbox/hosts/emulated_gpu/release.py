"""The release that this package stands in for; each package that is built carries its own."""

DRIVER = "535.183.01"
WORKS = True
