"""Shares of the bias: brute force over permutations with studies switched one by one, axioms, errors, refusals."""

from __future__ import annotations

import csv
from itertools import permutations

import numpy as np
import pytest

from biasim.config.chosen import one_of
from biasim.config.load import from_text, load, resolve, switched
from biasim.config.variants import Variants
from biasim.engine import coalitions
from biasim.engine.amount import amount
from biasim.engine.attribution import affordable, attribute
from biasim.engine.attribution_table import COLUMNS, write_attribution
from biasim.engine.coalitions import Coalitions
from biasim.engine.plan import plan
from biasim.engine.replicate import replicate
from biasim.errors import BiasimError

approx = pytest.approx
SMALL = """
study: small
aim: x
world:
  patients: {two_scores: {recorded_log_ratio: 0.5, hidden_log_ratio: 0.6, occult_share: 0.08, occult_log_ratio: -0.9}}
  treatment: {by_prognosis: {share: 0.4, odds_ratio: 0.6, hidden_odds_ratio: 0.6, median_wait: 5}}
  effect: none
  survival: {weibull: {shape: 1, scale: 30}}
  staging: found_at_surgery
designs:
  registry: {time_zero: diagnosis, exposure: ever_operated, measurement: registry, methods: [cox, {cox: {adjust: true}}]}
  landmark: {time_zero: {landmark: {months: 6}}, exposure: operated_by_time_zero, measurement: registry, methods: [cox]}
  months: {time_zero: diagnosis, exposure: ever_operated, measurement: registry, methods: [{survival: {at: 24}}]}
estimands: [marginal_log_hazard_ratio, conditional_log_hazard_ratio]
performance: [bias]
run: {size: 400, replicates: 20, seed: 5, truth: 20000}
switches:
  immortal time: {designs.registry.exposure: intended}
  hidden confounding: {treatment.by_prognosis.hidden_odds_ratio: 1.0}
  stage migration: {patients.two_scores.occult_share: 0.0}
""".replace("{survival:", "{kaplan_meier:")


def small(*changed: tuple[str, str]):
    text = SMALL
    for old, new in changed:
        assert old in text
        text = text.replace(old, new)
    return from_text(text, "small.yaml")


def of(study, design="", method="", **how):
    return attribute(one_of(study, design, method), workers=1, **how)


def brute_force(study, design: str, method: str, replicates: int, size: int) -> dict[str, np.ndarray]:
    """Every set of mechanisms as a study of its own, read from its text; then every order of entry, one by one."""
    names = list(study.switches)

    def estimates(on: frozenset[str]) -> np.ndarray:
        off = [name for name in names if name not in on]
        made = plan(switched(study, *off).scenarios[0], study.seed, size=size)
        rows = [replicate(made, number) for number in range(replicates)]
        return np.array([next(r.estimate.estimate for r in row if (r.design, r.method) == (design, method)) for row in rows])

    known: dict[frozenset[str], np.ndarray] = {}
    added: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for order in permutations(names):
        on = frozenset[str]()
        for name in order:
            for one in (on, on | {name}):
                if one not in known:
                    known[one] = estimates(one)
            added[name].append(known[on | {name}] - known[on])
            on |= {name}
    return {name: np.mean(each, axis=0) for name, each in added.items()} | {
        "apparent": known[frozenset(names)], "not switched": known[frozenset()],
        "alone": {name: known[frozenset({name})] - known[frozenset()] for name in names},
        "left out": {name: known[frozenset(names)] - known[frozenset(names) - {name}] for name in names},
    }  # fmt: skip


@pytest.mark.parametrize(("design", "method"), [("registry", "cox"), ("registry", "cox(adjust=true)"), ("landmark", "cox")])
def test_shares_are_those_of_brute_force(design, method) -> None:
    study = small()
    found = of(study, design, method, size=400, replicates=6)
    by_hand = brute_force(study, design, method, 6, 400)
    for share in found.shares:
        each = by_hand[share.mechanism]
        assert share.moved.value == approx(each.mean(), abs=1e-13)
        assert share.moved.mcse == approx(each.std(ddof=1) / np.sqrt(6), abs=1e-13)
        assert share.alone.value == approx(by_hand["alone"][share.mechanism].mean(), abs=1e-13)
        assert share.left_out.value == approx(by_hand["left out"][share.mechanism].mean(), abs=1e-13)
    assert found.apparent.value == approx(by_hand["apparent"].mean(), abs=1e-13)
    assert found.not_switched.value == approx(by_hand["not switched"].mean(), abs=1e-13)
    assert (found.sets, found.orders, found.truth.value, found.truth.mcse) == (8, 0, 0.0, 0.0)


def test_the_error_is_that_of_the_jackknife_over_replicates() -> None:
    found = of(small(), size=400, replicates=6).shares[0]
    each = brute_force(small(), "registry", "cox", 6, 400)["immortal time"]
    without = np.array([np.delete(each, number).mean() for number in range(6)])
    assert found.moved.mcse == approx(np.sqrt(5 / 6 * ((without - without.mean()) ** 2).sum()), rel=1e-9)


def test_everything_adds_up_to_what_is_reported() -> None:
    found = of(small(), replicates=5)
    whole = found.truth.value + found.not_switched.value + sum(share.moved.value for share in found.shares)
    assert whole == approx(found.apparent.value, abs=1e-13)
    assert found.shares[-1].reached == approx(found.apparent.value, abs=1e-13)
    assert found.switched.value == approx(sum(share.moved.value for share in found.shares), abs=1e-13)


def test_a_mechanism_of_another_design_moves_exactly_nothing() -> None:
    by_name = {share.mechanism: share for share in of(small(), "landmark", replicates=4).shares}
    idle = by_name["immortal time"]
    assert (*idle.moved[:2], *idle.alone[:2], *idle.left_out[:2]) == (0.0,) * 6
    assert by_name["hidden confounding"].moved.value != 0.0


def test_two_names_of_one_switch_share_alike() -> None:
    """Symmetry: either alone turns it off, so together they divide what it moves."""
    twice = "  hidden too: {treatment.by_prognosis.hidden_odds_ratio: 1.0}\n"
    study = small(("  stage migration", f"{twice}  stage migration"))
    by_name = {share.mechanism: share for share in of(study, replicates=4).shares}
    one, other = by_name["hidden confounding"], by_name["hidden too"]
    assert one.moved.value == approx(other.moved.value, abs=1e-13)
    assert one.alone == other.alone
    assert one.alone.value == 0.0  # the other is still off
    once = {share.mechanism: share for share in of(small(), replicates=4).shares}
    assert one.left_out.value == approx(once["hidden confounding"].left_out.value, abs=1e-13)


def test_with_an_effect_every_set_is_judged_against_its_own_truth() -> None:
    study = small(("effect: none", "effect: {constant: {hazard_ratio: 0.6}}"))
    found = of(study, method="cox", replicates=4)
    assert np.log(0.6) < found.truth.value < 0.6 * np.log(0.6)  # marginal: nearer to 0 than the ratio of the world
    assert 0.0 < found.truth.mcse < 0.05
    whole = found.truth.value + found.not_switched.value + sum(share.moved.value for share in found.shares)
    assert whole == approx(found.apparent.value, abs=1e-13)
    assert all(share.moved.mcse > 0.0 for share in found.shares)


def test_sampled_orders_add_up_and_come_with_an_error(monkeypatch) -> None:
    study = small()
    exact = of(study, replicates=4)
    monkeypatch.setattr(coalitions, "PAIRS", 40)
    monkeypatch.setattr(Coalitions.of.__func__, "__kwdefaults__", {"exact_up_to": 2})
    found = of(study, replicates=4)
    assert found.orders == 80
    assert sum(share.moved.value for share in found.shares) == approx(exact.switched.value, abs=1e-13)
    for share, true in zip(found.shares, exact.shares, strict=True):
        assert abs(share.moved.value - true.moved.value) <= 4.0 * share.orders_mcse + 1e-12
        assert (share.alone, share.left_out) == (true.alone, true.left_out)
        assert true.orders_mcse == 0.0


def test_more_than_ten_mechanisms_are_sampled() -> None:
    sets = Coalitions.of(12, np.random.default_rng(3))
    assert len(sets.masks) < 1400 < 4096
    assert {0, sets.everybody, 1, 1 << 11, sets.everybody ^ 1} <= set(sets.masks)
    size = np.bitwise_count(np.array(sets.masks)).astype(float)
    assert sets.weights @ size == approx(np.ones(12), abs=1e-12)  # every player adds 1
    assert sets.orders_mcse(size) == approx(np.zeros(12), abs=1e-12)
    together = np.array([float(mask & 3 == 3) for mask in sets.masks])  # two players are worth something only together
    assert (sets.weights @ together)[:2].sum() == approx(1.0, abs=1e-12)
    assert (sets.weights @ together)[0] == approx(0.5, abs=1e-12)
    assert sets.orders_mcse(together) == approx(np.zeros(12), abs=1e-12)  # an order and its reverse cancel


def test_shares_do_not_depend_on_workers(monkeypatch) -> None:
    study = small()
    one = of(study, replicates=4)
    monkeypatch.setattr("biasim.engine.workers.PATIENTS_WORTH_A_POOL", 10)
    two = attribute(one_of(study), replicates=4, workers=2)
    assert one.shares == two.shares


def test_variants_are_the_study_itself_and_its_switches() -> None:
    study = load(resolve("paradox"))
    for name, design in study.scenarios[0].designs.items():
        assert Variants(study, name)({}) == design
    variants = Variants(study, "registry")
    for name, changes in study.switches.items():
        assert variants(changes, lenient=True) == switched(study, name).scenarios[0].designs["registry"]
    assert variants({}) == study.scenarios[0].designs["registry"]  # nothing is left of what was laid before


def test_variants_are_of_the_first_scenario() -> None:
    study = small(("switches:", "vary: {treatment.by_prognosis.median_wait: [9, 5]}\nswitches:"))
    made = Variants(study, "registry")({})
    assert made == study.scenarios[0].designs["registry"]
    assert made.world["treatment"].parameters["median_wait"] == 9.0


def test_patients_where_nothing_is_said() -> None:
    study = small()  # 400 a replicate
    assert amount(study, 200_000, None, None) == (400, 500)
    assert amount(study, 2_000, None, None) == (100, 20)
    assert amount(study, 200_000, None, 10) == (400, 10)
    assert amount(study, 200_000, 50_000, None) == (50_000, 20)
    assert amount(study, 200_000, 50_000, 3) == (50_000, 3)
    assert [affordable(sets) for sets in (2, 64, 128, 1024)] == [200_000, 200_000, 100_000, 40_000]


def test_what_cannot_be_attributed_is_refused() -> None:
    with pytest.raises(BiasimError, match=r"small\.yaml: no 'switches'"):
        of(from_text(SMALL.split("switches:")[0], "small.yaml"))
    with pytest.raises(BiasimError, match=r"no design called 'regis'\. Did you mean 'registry'"):
        of(small(), "regis")
    with pytest.raises(BiasimError, match="no method of 'registry' is called 'coxx'"):
        of(small(), "registry", "coxx")
    migration = "  stage migration: {patients.two_scores.occult_share: 0.0}"
    by_chance = "  by chance: {treatment: {at_random: {share: 0.4, mean_wait: 5}}}"
    nobody = small((migration, "  surgery: {treatment.by_prognosis.share: 0.0}"), ("occult_share: 0.08", "occult_share: 0.0"))
    with pytest.raises(BiasimError, match=r"with .*'surgery' switched off, and then there is no estimate: nobody exposed"):
        of(nobody, replicates=3)
    # in the order of the file the odds ratio is set and the part then replaced; turned round, there is no odds ratio left
    assert of(small((migration, by_chance)), replicates=3).sets == 8
    turned = small(("  hidden confounding", f"{by_chance}\n  hidden confounding"))
    with pytest.raises(BiasimError, match="'hidden confounding' and 'stage migration' switched off, and then treatment"):
        of(turned)


def test_the_file_holds_every_bar(tmp_path) -> None:
    found = of(small(), replicates=4)
    path = write_attribution(tmp_path / "deep" / "attribution.csv", found)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row["kind"] for row in rows] == ["truth", "not switched", *["mechanism"] * 3, "apparent"]
    assert sum(float(row["moved"]) for row in rows[:-1]) == approx(float(rows[-1]["moved"]), abs=1e-11)
    assert [row["mechanism"] for row in rows if row["mechanism"]] == list(small().switches)


@pytest.mark.long
def test_three_seeds_agree_within_three_mcse() -> None:
    """Paradox, every mechanism of the calibrated world."""
    text = resolve("paradox").read_text()
    studies = [from_text(text.replace("seed: 20230130", f"seed: {seed}"), "configs/paradox.yaml") for seed in (1, 2, 3)]
    found = [attribute(one_of(study, "registry", "crude"), size=5_000, replicates=40) for study in studies]
    for first, second in ((0, 1), (0, 2), (1, 2)):
        for one, other in zip(found[first].shares, found[second].shares, strict=True):
            error = np.hypot(one.error, other.error)
            assert abs(one.moved.value - other.moved.value) < 3.0 * error, one.mechanism
