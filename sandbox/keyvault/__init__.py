"""What Key Vault knows and decides; the routes are in :mod:`sandbox.providers`."""
