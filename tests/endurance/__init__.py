"""Long lives: thousands of polls, reloads and new tokens. Nothing may grow.

Run by `scripts/endurance`, which shows the figures; too long for every run of the
tests.
"""
