"""Turn the functional zones of planning documents into checked geodata, coverage statistics and offline maps."""


def __getattr__(name: str) -> str:
    # The version is looked up where it is asked for: importlib.metadata would cost every command its start-up.
    if name != "__version__":
        raise AttributeError(f"module 'gis' has no attribute {name!r}")
    from importlib.metadata import version

    return version("park-gis")
