"""The models in use, loaded and swapped in while the bot serves; what is asked of them, and what they are fitted to."""
