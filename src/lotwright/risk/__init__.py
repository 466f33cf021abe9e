"""How it moves: covariance and factor models of securities, behind one small type."""
