"""Making the model: needs the extra `train` (PyTorch, transformers); nothing here is imported to run the bot."""

import os

# Threads that wait by spinning take the core from those that work wherever the machine has other things to do.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
