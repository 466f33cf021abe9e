"""What is owned and what should be: immutable facts in ``Decimal``, importing nothing else of Lotwright."""
