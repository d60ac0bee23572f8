"""Measures what this integration costs, against what people would use instead."""

# First of all: it puts a voluptuous of its own in place of the one of that name.
import homeassistant  # noqa: F401
