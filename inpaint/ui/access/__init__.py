"""Who may see what: what stands between the network and the app."""
