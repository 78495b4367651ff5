"""A small causal language model in Llama's form, with a tokenizer trained on its own text."""
