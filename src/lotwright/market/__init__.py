"""Edges to the market: files, yfinance and Alpaca's data API behind one protocol, every answer with its source and time."""
