"""The staff's pages: who waits, what was asked for, campaigns, the skills' switches, who did what."""
