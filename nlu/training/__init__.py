"""Making the model: needs the extra `train` (PyTorch, transformers); nothing here is imported to run the bot."""
