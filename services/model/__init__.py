"""Frozen data without behaviour: the nouns of Azure and of wrapkey."""
