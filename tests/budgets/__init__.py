"""The arithmetic of budgets, without a running Home Assistant."""
