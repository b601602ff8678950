"""The API's reference: documents for machines, generated from the messages, and a page of them."""
