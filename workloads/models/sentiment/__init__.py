"""Texts in classes: a BERT from any checkpoint of transformers, fine-tuned."""
