"""The Batch tab: many photos at once."""
