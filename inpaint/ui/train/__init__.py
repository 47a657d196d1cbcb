"""The Train tab: networks trained by processes of their own."""
