"""Words kept from view, and words put in others' place, before any text leaves a session."""
