"""The Evaluate tab: methods measured on a visitor's own photos."""
