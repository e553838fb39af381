"""The version, as a constant: reading package metadata costs more than all else of --version."""

VERSION = "0.1.0"
