"""Carries out a Plan: the engine, its journal, and what headless commands print."""
