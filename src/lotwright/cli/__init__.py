"""Faces for a terminal: the command, its report and its page."""
