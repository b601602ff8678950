"""Recordings read by a process of their own, which may die of them without taking anybody along."""
