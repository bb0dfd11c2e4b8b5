"""Turn the functional zones of planning documents into checked geodata, coverage statistics and offline maps."""

# Not of typing: every command imports this, and nothing hears an interrupt yet.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from gis.earth.datum import convert
    from gis.notebook import Area, Import, Park, Picture, count, expected, map, open  # noqa: A004

__all__ = [
    "Area", "Import", "Park", "Picture", "__version__", "convert", "count", "expected", "map", "open",
]  # fmt: skip

# Each name of the face, and the module that holds it: nothing heavy is loaded before it is asked for.
_FACE = {
    **dict.fromkeys(("Area", "Import", "Park", "Picture", "count", "expected", "map", "open"), "gis.notebook"),
    "convert": "gis.earth.datum",
}


def __getattr__(name: str) -> object:
    # The version is looked up where it is asked for: importlib.metadata would cost every command its start-up.
    if name == "__version__":
        from importlib.metadata import version

        return version("park-gis")
    if name not in _FACE:
        raise AttributeError(f"module 'gis' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_FACE[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
