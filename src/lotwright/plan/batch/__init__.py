"""Work on many households by many workers: engines that run it, and the supervision that never loses a household.

Nothing here knows what the work is: payloads and answers are bytes, made and read in ``files``.
"""
