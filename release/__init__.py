"""What a release offers: made, checked, and installed to see whether it works."""
