"""What is written up: results by their significance, literatures with holes, and what readers make of them."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

from biasim.answers import Status
from biasim.kernels.pooling import pool
from biasim.kernels.selection import precision_effect, selection_model
from biasim.kernels.small_studies import begg, egger, trim_and_fill
from biasim.methods._checks import take
from biasim.methods._publication import lot, taken
from biasim.methods._studies import literature
from biasim.methods.cox import cox
from biasim.methods.cox_matched import cox_matched
from biasim.methods.cox_stratified_score import cox_stratified_score
from biasim.methods.cox_weighted import cox_weighted
from biasim.methods.meta_analysis import meta_analysis, studies_table
from biasim.methods.written_up import written_up

METHODS = {"cox": cox, "cox_matched": cox_matched, "cox_weighted": cox_weighted, "cox_stratified_score": cox_stratified_score}
SMALL = {"studies": 30, "spread": 6.0, "of": "crude", "model": "fixed"}


def numbers(estimate):
    assert estimate.status is Status.OK, estimate.message
    return np.array([estimate.estimate, estimate.standard_error, estimate.low, estimate.high])


# ---------------------------------------------------------------- one study


def test_significant_in_favour_or_lucky():
    estimate, lots = np.array([-0.40, -0.38, 0.40, 0.0]), np.array([0.9, 0.9, 0.9, 0.1])
    assert taken(estimate, 0.2, lots, 0.0).tolist() == [True, False, False, False]  # 0.40 is significant the other way
    assert taken(estimate, 0.2, lots, 0.5).tolist() == [True, False, False, True]
    assert taken(estimate, 0.2, lots, 1.0).all()


@pytest.mark.parametrize("of", list(METHODS))
def test_what_is_written_up_is_what_the_method_says(simulated, of):
    observed = simulated(300, 1, log_ratio=-1.5)
    assert numbers(written_up(observed, of=of, share=0.0)) == pytest.approx(numbers(METHODS[of](observed)))
    assert written_up(observed, of=of).estimand == METHODS[of](observed).estimand
    some = written_up(observed, of=of, adjust=("x0",), share=1.0)
    named = {"adjust": ("x0",)} if of == "cox" else {"using": ("x0",)}
    assert numbers(some) == pytest.approx(numbers(METHODS[of](observed, **named)))


def test_what_is_not_written_up_is_a_row_that_says_so(simulated):
    observed = simulated(300, 2, log_ratio=0.5)
    found = written_up(observed, share=0.0)
    assert found.status is Status.NOT_WRITTEN_UP
    assert np.isnan(found.estimate)
    assert "not written up" in found.message
    assert found.diagnostics["size"] == 300
    refused = written_up(replace(observed, exposed=np.zeros(300, bool)), share=0.0)
    assert refused.status is Status.NOBODY_EXPOSED  # no result is another thing than one that nobody sees


def test_lots_are_even_and_depend_on_the_data_alone(simulated):
    studies = [simulated(30, seed) for seed in range(2000)]
    drawn = np.sort([lot(study) for study in studies])
    assert np.abs(drawn - (np.arange(2000) + 0.5) / 2000).max() < 1.63 / sqrt(2000)  # Kolmogorov-Smirnov, 1 %
    one = studies[0]
    assert lot(take(one, np.arange(one.size)[::-1])) == lot(one)
    estimates = np.array([cox(study).estimate for study in studies])
    lots = np.array([lot(study) for study in studies])
    assert abs(np.corrcoef(estimates, lots)[0, 1]) < 4 / sqrt(2000)


# ---------------------------------------------------------------- a literature


def test_only_what_is_written_up_is_pooled(simulated):
    observed = simulated(2000, 3)
    every = literature(observed, 30, 6.0, "crude")
    seen = every.written(0.3)
    assert 3 < seen.sum() < 27
    found = meta_analysis(observed, **SMALL, written_up=0.3)
    pooled = pool(every.estimate[seen], every.standard_error[seen], heterogeneity="none")
    assert numbers(found)[:2] == pytest.approx([pooled.estimate, pooled.standard_error])
    told = found.diagnostics
    assert (told["studies"], told["studies_used"], told["studies_unwritten"]) == (30, seen.sum(), 30 - seen.sum())
    assert told["egger_p"] == egger(every.estimate[seen], every.standard_error[seen]).p
    assert told["begg_p"] == begg(every.estimate[seen], every.standard_error[seen]).p
    rows = studies_table(observed, {**SMALL, "written_up": 0.3})
    assert [row[4] for row in rows] == seen.tolist()
    assert {row[3] for row in rows} == {found.estimate}


def test_more_is_written_up_when_more_can_be(simulated):
    every = literature(simulated(2000, 3), 30, 6.0, "crude")
    for less, more in ((0.0, 0.1), (0.1, 0.41), (0.41, 1.0)):
        assert (every.written(less) <= every.written(more)).all()
    assert every.written(1.0).all()


def test_remedies_are_those_of_the_funnel(simulated):
    observed = simulated(2000, 11, log_ratio=-0.5, confounding=0.0)
    every = literature(observed, 30, 6.0, "crude")
    seen = every.written(0.1)
    y, s = every.estimate[seen], every.standard_error[seen]
    more = trim_and_fill(y, s, heterogeneity="none", missing_right=True)
    filled = pool(more.estimate, more.standard_error, heterogeneity="none")
    found = {remedy: meta_analysis(observed, **SMALL, written_up=0.1, remedy=remedy)
             for remedy in ("trim_and_fill", "precision_effect", "selection_model")}  # fmt: skip
    for remedy, wanted in (("trim_and_fill", filled), ("precision_effect", precision_effect(y, s)),
                           ("selection_model", selection_model(y, s))):  # fmt: skip
        assert numbers(found[remedy]) == pytest.approx([wanted.estimate, wanted.standard_error, wanted.low, wanted.high])
    assert found["trim_and_fill"].diagnostics["studies_filled"] == more.filled.sum() > 0
    assert 0.0 < found["selection_model"].diagnostics["chance_written_up"] < 1.5


def test_a_literature_of_nothing(simulated):
    observed = simulated(1500, 4, log_ratio=1.0)
    nothing = meta_analysis(observed, **SMALL, written_up=0.0)
    assert nothing.status is Status.NOT_WRITTEN_UP
    assert nothing.diagnostics["studies_unwritten"] == 30
    one_kind = meta_analysis(observed, **SMALL, remedy="selection_model")
    assert one_kind.status is Status.SINGULAR
    assert "selection_model has no value" in one_kind.message


# ---------------------------------------------------------------- Monte Carlo


def repeated(simulated, replicates, **parameters):
    """Bias in MCSE, and mean, of the pooled estimate over literatures without effect and without confounding."""
    found = [meta_analysis(simulated(1500, 50_000 + r, confounding=0.0), **SMALL, **parameters) for r in range(replicates)]
    estimates = np.array([one.estimate for one in found if one.status is Status.OK])
    return estimates.mean() / (estimates.std(ddof=1) / sqrt(len(estimates))), estimates.mean()


@pytest.mark.long
def test_a_literature_written_up_by_its_results_favours_the_exposed(simulated):
    """Off within 4, on beyond 10; filling the funnel mends a part."""
    off, _ = repeated(simulated, 400)
    on, pooled = repeated(simulated, 1000, written_up=0.1)
    _, filled = repeated(simulated, 1000, written_up=0.1, remedy="trim_and_fill")
    assert abs(off) < 4.0
    assert on < -10.0
    assert pooled < filled < 0.25 * pooled
