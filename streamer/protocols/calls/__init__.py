"""What is told of a phone call to those who listen in."""
