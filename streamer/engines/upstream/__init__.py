"""A model that somebody else serves, behind an API like OpenAI's."""
