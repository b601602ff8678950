"""Models on the machines of a Ray cluster, behind as many gateways as one likes."""
