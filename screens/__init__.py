"""What a person sees: one screen a file; widgets/ holds what two screens share."""
