"""What decides: inputs, encoders, fusion, checkpoints, data, training, evaluation, feedback."""
