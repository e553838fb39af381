"""Files and commands for tools that are not wrapkey: a snippet, a manifest, az and kubectl lines."""
