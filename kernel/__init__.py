"""What every room uses: console, files and tables, checksums, times, money, intervals. It imports none of the rooms.

Nothing enters it that fewer than two rooms use.
"""
