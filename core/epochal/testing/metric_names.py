"""Checks of what users choose alike for every adapter: `prefix`, `vocabulary` and `log_every`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from .contract import AdapterContract
from .reading import differences, only_run, points, recorded

#: Every which step is asked for.
_EVERY: Final = 5


class NameChecks(AdapterContract):
    """Names and how often."""

    def test_a_prefix_is_put_before_each_name_as_it_is(self) -> None:
        reported, runs = self.trained("prefix")
        named = {f"my {name}": values for name, values in reported.items()}
        there = recorded(only_run(runs), named)
        assert there == named, 'with prefix="my " the record differs:\n' + differences(there, named)

    def test_the_common_vocabulary_names_what_is_well_known(self, tmp_path: Path) -> None:
        adapter = self.make(dir=tmp_path / "runs", vocabulary="common")
        reported = self.train(adapter, tmp_path)
        run = only_run(tmp_path / "runs")
        missing = sorted(set(self.common) - set(run.metrics))
        assert not missing, (
            f'with vocabulary="common" there is no {missing} among {run.metrics}: give MetricNames a function that '
            "knows the framework's names"
        )
        kept = sorted(sorted(points(run, name).items()) for name in run.metrics)
        lost = [name for name, values in reported.items() if sorted(values.items()) not in kept]
        assert not lost, f"the values of {lost} are under no name: two metrics were given the same name"

    def test_log_every_takes_every_nth_step_and_all_of_an_epoch(self, tmp_path: Path) -> None:
        adapter = self.make(dir=tmp_path / "runs", log_every=_EVERY)
        reported = self.train(adapter, tmp_path)
        there = recorded(only_run(tmp_path / "runs"), reported)
        for name, values in reported.items():
            if name in self.step_metrics:
                wanted = dict(sorted(values.items())[_EVERY - 1 :: _EVERY])
                assert there.get(name) == wanted, (
                    f"log_every={_EVERY} recorded {name!r} at {sorted(there.get(name, {}))}, not at {sorted(wanted)}: "
                    "hand AdapterRun.log the number of steps done (`trained=`) with a training step's values"
                )
            elif not any(values.keys() >= reported.get(each, values).keys() for each in self.step_metrics):
                assert values.items() <= there.get(name, {}).items(), (
                    f"log_every={_EVERY} left out values of {name!r}, which is none of `step_metrics`: what an epoch "
                    "or a validation gives is always recorded:\n" + differences(there, {name: values})
                )
