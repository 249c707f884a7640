"""The definitions that there are: the shipped ones, and those in a user's folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from macro_cycle.cycles.definition import COMPONENT, CycleDefinition, DefinitionError
from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import Settings

DEFAULT = "us"
SHIPPED = Path(__file__).resolve().parent
COMPONENTS = SHIPPED.parent / "defs"  # where `dg scaffold defs` puts them


@dataclass(frozen=True)
class Library:
    """Definitions by code, in the order of their codes with the default first; `broken`: what is wrong with others."""

    found: Mapping[str, CycleDefinition]
    broken: Mapping[str, str]

    def __getitem__(self, code: str) -> CycleDefinition:
        """The definition of a cycle.

        Raises:
            MacroCycleError: there is none, or its file is wrong.
        """
        if code in self.broken:
            raise DefinitionError(self.broken[code])
        if code not in self.found:
            raise MacroCycleError(f"there is no cycle {code}; there are {', '.join(self.found)}")
        return self.found[code]


def library(settings: Settings) -> Library:
    """The shipped definitions and a user's own, where a file replaces the shipped one of its name.

    Where the settings name cycles, there are no others.

    Raises:
        MacroCycleError: the folder is not there, or a cycle that the settings name is not.
    """
    folder, named = settings.cycles_path, settings.cycles
    if folder is not None and not folder.is_dir():
        raise MacroCycleError(f"{folder} is no folder; set MACRO_CYCLE_CYCLES_PATH to the one of your definitions")
    files = {code: path for place in (SHIPPED, COMPONENTS, folder) if place for code, path in _files(place)}
    if unknown := [code for code in named if code not in files]:
        raise MacroCycleError(f"MACRO_CYCLE_CYCLES names {unknown[0]}; there are {', '.join(sorted(files))}")
    found: dict[str, CycleDefinition] = {}
    broken: dict[str, str] = {}
    for code in sorted(named or files, key=lambda code: (code != DEFAULT, code)):
        try:
            found[code] = CycleDefinition.read(files[code])
        except MacroCycleError as error:
            broken[code] = str(error)
    return Library(found, broken)


def _files(place: Path) -> list[tuple[str, Path]]:
    """Code and file of each definition in a folder: `<code>.yaml`, or a component's `<code>/defs.yaml`."""
    plain = [(path.stem, path) for path in sorted(place.glob("*.yaml"))]
    return [*plain, *((path.parent.name, path) for path in sorted(place.glob(f"*/{COMPONENT}")))]


def shipped(code: str = DEFAULT) -> CycleDefinition:
    """A definition that ships with the package, whatever the settings say."""
    return CycleDefinition.read(SHIPPED / f"{code}.yaml")
