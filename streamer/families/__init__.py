"""One folder a model family: features, tokenizer, prompt, contracts, limits and export."""
