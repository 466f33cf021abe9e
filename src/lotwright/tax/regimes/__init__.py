"""Other people's tax laws behind one Protocol: the United States, the United Kingdom, Canada."""
