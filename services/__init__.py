"""Everything that is true without a screen. Imports no Textual and no Rich."""
