"""A cycle as a Dagster component: `dg scaffold defs macro_cycle.CycleComponent de` begins the definition of one.

The folder's name is the cycle's code, the attributes of its `defs.yaml` are a definition. Those in `macro_cycle/defs`
and in a user's folder of definitions are found as any other definition is, by every process.
"""

from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import BaseModel, ConfigDict

from macro_cycle.cycles.definition import COMPONENT, CycleDefinition
from macro_cycle.cycles.scaffold import scaffold_component


class CycleScaffolder(dg.Scaffolder):
    """Writes a `defs.yaml` with a comment at each key that is to be thought about."""

    def scaffold(self, request: dg.ScaffoldRequest) -> None:
        """Begin a definition in the folder asked for."""
        target = Path(request.target_path)
        target.mkdir(parents=True, exist_ok=True)
        (target / COMPONENT).write_text(scaffold_component(target.name), "utf-8")


class CycleAttributes(BaseModel):
    """The keys of a definition, as `dg` shows them; what they may hold, `CycleDefinition` says."""

    model_config = ConfigDict(extra="forbid")

    title: str
    economy: str
    first_month: str
    features: list[dict[str, Any]]
    chronology: dict[str, Any]
    source: dict[str, Any] | None = None
    catalogue: dict[str, Any] | None = None
    phases: dict[str, str] | None = None
    model: dict[str, Any] | None = None
    declared: dict[str, Any] | None = None
    serving: dict[str, Any] | None = None


@dg.scaffold_with(CycleScaffolder)
class CycleComponent(dg.Component):
    """The chain of assets of one economy's cycle, from a definition; docs/cycles.md says what each key means."""

    def __init__(self, definition: CycleDefinition) -> None:
        self.definition = definition

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """What the attributes are."""
        return CycleAttributes

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> "CycleComponent":
        """The component in a folder.

        Raises:
            DefinitionError: the definition is wrong; the line names the place.
        """
        return cls(CycleDefinition.read(Path(context.path) / COMPONENT))

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The chain, for the platform that the settings describe."""
        from macro_cycle.definitions import build
        from macro_cycle.platform.settings import read_settings
        from macro_cycle.resources.platform import Platform

        return build(Platform(read_settings(), self.definition))
