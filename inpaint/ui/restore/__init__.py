"""The Restore tab: a photo, what is painted on it, and what comes back."""
