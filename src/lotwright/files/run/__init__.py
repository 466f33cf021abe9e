"""A run over a whole book: the book cut into parts, the work on a few households, the folder of results."""
