"""How a plan is carried out: orders, brokers, journal, reconciliation. Money, prices and quantities are ``Decimal``."""
