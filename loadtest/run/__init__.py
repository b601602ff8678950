"""Measures of this code: one number, or one table, each."""
