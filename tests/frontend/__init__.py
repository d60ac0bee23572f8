"""The modules of the dashboard, tested in Node: `scripts/frontend`."""
