"""Browse: what there is, and what Azure tells about it. Nothing is changed here."""
