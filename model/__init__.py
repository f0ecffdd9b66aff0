"""What decides: inputs, studies, the network, inference, training, evaluation, feedback, fine-tuning, importing.

It knows neither how a decision is explained nor who looks at it.
"""
