"""Tests of the LLM Gateway Account integration."""
