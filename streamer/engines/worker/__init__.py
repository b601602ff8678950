"""An engine in a process of its own, which may die without taking anybody along."""
