"""The demo behind `scripts/develop`: an account in Home Assistant, to look at."""
