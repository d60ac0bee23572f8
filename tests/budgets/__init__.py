"""The arithmetic of budgets, without Home Assistant."""
