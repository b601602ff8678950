class RayServeException(Exception): ...  # noqa: N818 - its name
