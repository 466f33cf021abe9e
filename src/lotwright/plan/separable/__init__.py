"""The certified path for programs that fall apart into one small problem per security once factors, cash and gains are priced."""
