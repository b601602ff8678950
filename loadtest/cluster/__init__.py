"""Gateways and replicas on several machines, each of them a network namespace."""
