"""Handwritten digits, 28 x 28 pixels: a multi-layer perceptron and a small convolutional network."""
