"""The edges on disk: reading books, writing plans."""
