"""Whatever is decided, in whatever order, and whatever fails: what serves is what stands promoted, and is on record."""

import itertools
import json
import signal
import subprocess
import sys

import dagster as dg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from macro_cycle.assets import promotion
from macro_cycle.promotion.gate import Verdict
from macro_cycle.resources import deployments
from macro_cycle.resources.platform import Platform
from macro_cycle.serving import deployers
from macro_cycle.serving.deployers import LocalDeployer
from macro_cycle.warehouse import tables
from macro_cycle_tests.assets.decided import Candidate, Cycle, candidates
from macro_cycle_tests.assets.graph import failure
from macro_cycle_tests.conftest import create_database
from macro_cycle_tests.serving.conftest import Server, settings_in, start

pytestmark = pytest.mark.slow

ENDS = ("2003-12-01", "2005-12-01", "2007-12-01")
FIRST, SECOND, THIRD = range(len(ENDS))
MODELS = st.sampled_from(range(len(ENDS)))
_names = itertools.count()


class World:
    """A platform with a model server and three registered models; each cycle on it begins without a decision."""

    def __init__(self, platform: Platform, server: Server, instance: dg.DagsterInstance) -> None:
        self.platform, self.server, self.instance = platform, server, instance
        self.models = candidates(platform, ENDS)

    def promoted(self, gate: dict[str, bool], model: int = FIRST) -> Cycle:
        """A cycle in which one model was approved, and serves."""
        cycle = self.cycle()
        self.decided(cycle, gate, model, "champion", "kserve_deployment")
        assert self.answers() == self.models[model].version
        return cycle

    def decided(self, cycle: Cycle, gate: dict[str, bool], model: int, *steps: str) -> None:
        """A model arrives and is approved."""
        gate[self.models[model].version] = True
        cycle.arrives(self.models[model])
        assert cycle.run(*steps).success

    def cycle(self) -> Cycle:
        with self.platform.deployer() as deployer:
            deployer.withdraw()
        return Cycle(self.platform, f"cycle_{next(_names)}", self.instance)

    def answers(self) -> str | None:
        """The version of the model that anybody is answered by; None: nothing serves."""
        response = self.server.latest()
        if response.status_code == 503:
            return None
        return response.raise_for_status().json()["predictions"][0]["model_version"]


@pytest.fixture(scope="module")
def world(postgres_url, tmp_path_factory):
    served = settings_in(tmp_path_factory.mktemp("home"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MACRO_CYCLE_HOME", str(served.home))
        patched.setenv("MACRO_CYCLE_DATABASE_URL", create_database(postgres_url))
        patched.setenv("MACRO_CYCLE_KSERVE__PORT", str(served.kserve.port))
        patched.setenv("MACRO_CYCLE_KSERVE__GRPC_PORT", str(served.kserve.grpc_port))
        patched.setenv("MACRO_CYCLE_KSERVE__PATIENCE_SECONDS", "1")
        platform = Platform.from_environment()
        server = Server(served, start(served))
        with dg.DagsterInstance.ephemeral() as instance:
            yield World(platform, server, instance)
        server.stop()


@pytest.fixture
def gate(monkeypatch):
    """What the gate finds of each model, by version; what it weighs is tested with the gate."""
    found: dict[str, bool] = {}

    def verdict(_platform, trained, _incumbent):
        promoted = found[trained.stored.model_version]
        return Verdict(promoted, () if promoted else ("it foresees worse",)), "test"

    monkeypatch.setattr(promotion, "_verdict", verdict)
    return found


class Told:
    """What should serve, told by reading every word from the beginning."""

    def __init__(self) -> None:
        self._said: list[tuple[str, int, str]] = []

    def say(self, by: str, model: int, outcome: str) -> None:
        self._said.append((by, model, outcome))

    def stands(self, model: int) -> tuple[int, str] | None:
        """When the word was said that stands about the model, and which it is."""
        person = gate = None
        for at, (by, about, outcome) in enumerate(self._said):
            if about == model and by == "gate":
                gate = at, outcome
            elif about == model:
                person = None if outcome == "retract" else (at, outcome)
        return person or gate

    def to_serve(self) -> int | None:
        standing = [(word, model) for model in range(len(ENDS)) if (word := self.stands(model))]
        return max(((at, model) for (at, outcome), model in standing if outcome == "promote"), default=(0, None))[1]

    def promoted(self) -> set[int]:
        return {model for _, model, outcome in self._said if outcome == "promote"}


class Decisions(RuleBasedStateMachine):
    """Models arrive, gate and people decide, steps are repeated, deployments fail."""

    world: World
    gate: dict[str, bool]

    @initialize(model=MODELS, approved=st.booleans())
    def begin(self, model: int, approved: bool) -> None:
        self.cycle, self.told = self.world.cycle(), Told()
        self.serves: int | None = None
        self.wrong: set[int] = set()
        self.last: dict[str, str] = {}
        self.reasons = itertools.count()
        for version in (each.version for each in self.world.models):
            self.gate[version] = approved
        self._arrives(model)

    @rule(model=MODELS, approved=st.booleans())
    def arrives(self, model: int, approved: bool) -> None:
        self.gate[self._candidate(model).version] = approved
        self._arrives(model)

    @rule(outcome=st.sampled_from(["promote", "refuse", "retract"]), of_the_month=st.booleans(), model=MODELS)
    def by_hand(self, outcome: str, of_the_month: bool, model: int) -> None:
        model = self.open if of_the_month or not self.told.stands(model) else model
        named = {} if of_the_month else {"model_version": self._candidate(model).version}
        self.told.say("person", model, outcome)
        self._run(outcome=outcome, **named)

    @precondition(lambda self: self.told.promoted() - {self.told.to_serve()})
    @rule(data=st.data())
    def rollback(self, data: st.DataObject) -> None:
        serving = self.told.to_serve()
        target = data.draw(st.sampled_from(sorted(self.told.promoted() - {serving})))
        for model in {self.open, serving} - {target, None}:
            self.told.say("person", model, "refuse")
        self.told.say("person", target, "promote")
        self._run(outcome="rollback", model_version=self._candidate(target).version)

    @precondition(lambda self: self.last)
    @rule()
    def retried(self) -> None:
        before = self._by_hand()
        self._run(**self.last)
        assert self._by_hand() == before, "a step that is retried says nothing twice"

    @rule()
    def plain(self) -> None:
        before = self._by_hand()
        self._run()
        assert self._by_hand() == before, "a plain run says nothing in a person's name"

    @rule(model=MODELS)
    def goes_wrong(self, model: int) -> None:
        self._claim(model, 0.123)
        self.wrong.add(model)

    @precondition(lambda self: self.wrong)
    @rule()
    def is_mended(self) -> None:
        for model in self.wrong:
            self._claim(model, None)
        self.wrong.clear()

    @invariant()
    def what_serves_is_what_should_and_is_on_record(self) -> None:
        wanted = None if self.serves is None else self._candidate(self.serves).version
        recorded = self.cycle.recorded
        assert self.world.answers() == wanted
        assert (recorded.model_version if recorded else None) == wanted
        assert deployments.reconcile(self.cycle.platform) is None

    def teardown(self) -> None:
        for model in getattr(self, "wrong", ()):
            self._claim(model, None)

    def _candidate(self, model: int) -> Candidate:
        return self.world.models[model]

    def _arrives(self, model: int) -> None:
        self.open = model
        self.cycle.arrives(self._candidate(model))
        self._run()

    def _run(self, **by_hand: str) -> None:
        """Run both steps, and work out what then serves."""
        if by_hand:
            self.last = {"reason": f"because {next(self.reasons)}", **by_hand}
        result = self.cycle.run(**(self.last if by_hand else {}))
        if not self.told.stands(self.open):
            self.told.say("gate", self.open, "promote" if self.gate[self._candidate(self.open).version] else "refuse")
        wanted = self.told.to_serve()
        if wanted in self.wrong:
            assert not result.success
            assert "DeploymentError" in failure(result)
        else:
            assert result.success
            self.serves = wanted

    def _by_hand(self) -> set:
        return {(each.model_version, each.decided_at) for each in self.cycle.decisions if each.by == "person"}

    def _claim(self, model: int, probability: float | None) -> None:
        """Have the model's bundle claim another answer than it gives; None: its own again."""
        path = self._candidate(model).expected
        content = json.loads(path.read_text())
        own = content.setdefault("own", content["recession_probability"])
        path.write_text(json.dumps({**content, "recession_probability": own if probability is None else probability}))


def test_only_what_stands_promoted_serves_and_what_serves_is_on_record(world, gate):
    machine = type("Machine", (Decisions,), {"world": world, "gate": gate, "TestCase": None})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=4,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def on_record(cycle: Cycle) -> dict[str, list[str]]:
    """Every row of every table of the warehouse."""
    with cycle.platform.warehouse.engine.connect() as connection:
        return {
            name: sorted(map(str, connection.execute(table.select()))) for name, table in tables.metadata.tables.items()
        }


def test_an_experiment_is_logged_and_shown_and_leaves_records_decisions_and_what_serves(world, gate):
    cycle = world.promoted(gate)
    registry, by_hand = cycle.platform.registry, cycle.platform.registry_by_hand
    before = on_record(cycle), registry.versions(), registry.champion(), world.answers()
    assert cycle.decisions
    assert any("kserve_deployment" in row for row in before[0]["warehouse.records"]), (
        "there is something to leave as it is"
    )
    found = cycle.experiment(
        "regime_model", "champion", "kserve_deployment", n_regimes=2, winsor=3.0, n_restarts=1, inference="laplace"
    )
    assert found.success, failure(found)
    assert not found.get_asset_materialization_events(), "nothing is made of the month, and nothing follows"
    assert (on_record(cycle), registry.versions(), registry.champion(), world.answers()) == before

    key = dg.AssetKey([cycle.platform.cycle, "regime_model"])
    [shown] = [record.asset_observation for record in cycle.instance.fetch_observations(key, limit=9).records]
    figures = {name: value.value for name, value in shown.metadata.items()}
    assert shown.partition == cycle.month
    options = {row.data["option"]: row.data["value"] for row in shown.metadata["experiment"].records}
    assert options == {"n_regimes": "2", "winsor": "3", "n_restarts": "1", "inference": "laplace"}
    assert 0 <= figures["laplace_recession_probability_low"] <= figures["laplace_recession_probability_high"] <= 1
    [logged] = [each for each in by_hand.versions().values() if each.version == figures["mlflow_version"]]
    assert (logged.model_version, logged.run_id) == (figures["model_version"], figures["mlflow_run_id"])
    assert by_hand.model(logged).config.n_regimes == 2
    assert by_hand.champion() is None


def die_after(step: str, cycle: Cycle) -> None:
    """Deploy what stands promoted in a process that is killed after the step."""
    command = [sys.executable, "-W", "ignore", "-m", "macro_cycle_tests.assets.decided", cycle.platform.cycle, step]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def recorded(cycle: Cycle) -> str | None:
    found = cycle.recorded
    return found.model_version if found else None


@pytest.mark.parametrize("step", ["prepared", "verified", "recorded", "committed"])
def test_killed_between_two_steps_what_is_on_record_serves_after_the_restart(world, gate, step):
    former, latter = (world.models[model].version for model in (FIRST, SECOND))
    cycle = world.promoted(gate)
    world.decided(cycle, gate, SECOND, "champion")
    die_after(step, cycle)
    assert world.answers() == (latter if step == "committed" else former)
    if step == "recorded":
        world.server.restart()
        assert world.answers() == former
    deployments.reconcile(cycle.platform)
    assert world.answers() == recorded(cycle) == (former if step in ("prepared", "verified") else latter)
    assert cycle.run().success
    assert world.answers() == recorded(cycle) == latter
    assert world.platform.registry.champion().model_version == latter


def test_killed_before_the_refused_model_is_withdrawn_nothing_serves_after_the_restart(world, gate):
    cycle = world.promoted(gate)
    assert cycle.run("champion", outcome="refuse", reason="a benchmark revision is due").success
    die_after("recorded", cycle)
    assert world.answers() is not None
    deployments.reconcile(cycle.platform)
    assert (world.answers(), recorded(cycle)) == (None, None)


def test_a_server_that_is_away_leaves_what_served_and_the_record_of_it(world, gate, monkeypatch):
    former, latter = (world.models[model].version for model in (FIRST, SECOND))
    cycle = world.promoted(gate)
    world.decided(cycle, gate, SECOND, "champion")

    class Losing(LocalDeployer):
        """Loses the server between the record and the commit."""

        def _manage(self, version: str, act: str) -> None:
            if act == "commit":
                world.server.kill()
            super()._manage(version, act)

    with monkeypatch.context() as patched:
        patched.setattr(deployers, "LocalDeployer", Losing)
        assert "does not answer" in failure(cycle.run("kserve_deployment"))
    assert recorded(cycle) == former
    assert "does not answer" in failure(cycle.run("kserve_deployment"))
    assert recorded(cycle) == former
    world.server.process = start(world.server.settings)
    assert world.answers() == former
    assert deployments.reconcile(cycle.platform) is None
    assert cycle.run().success
    assert world.answers() == recorded(cycle) == latter


def test_a_refused_first_model_is_a_refusal_and_no_failure(world, gate):
    cycle = world.cycle()
    gate[world.models[FIRST].version] = False
    cycle.arrives(world.models[FIRST])
    assert cycle.run().success
    assert (world.answers(), recorded(cycle)) == (None, None)
    assert cycle.decisions[-1].outcome == "refuse"
