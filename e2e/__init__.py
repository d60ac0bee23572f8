"""The walk behind `scripts/e2e`: what a person sees in a real Home Assistant."""

from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent

# Where it is after two in the afternoon, so that a picture shows a day whenever it is
# taken. The sign is the other way round than one thinks.
TIME_ZONE = f"Etc/GMT{datetime.now(UTC).hour - 14:+d}"
