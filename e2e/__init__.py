"""The walk behind `scripts/e2e`: what a person sees in a real Home Assistant."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
