"""Tests of the arithmetic, with clocks of their own."""
