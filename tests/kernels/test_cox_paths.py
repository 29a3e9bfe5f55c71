"""One property test for both paths: on random problems they say the same, and the truth about separation."""

import numpy as np
import pytest
from cox_cases import errors, fit_on, has_no_maximum, random_case

from biasim.answers import Status
from biasim.kernels import backend

CASES = 500


def apart(a, b, scale):
    return float(np.abs((a - b) / scale).max(initial=0.0))


def differences(a, b):
    """Largest differences of two fits, in standard errors or relative."""
    kept = ~a.aliased
    within, se = np.ix_(kept, kept), errors(a.covariance)[kept]
    yield apart(a.coefficients[kept], b.coefficients[kept], np.maximum(se, np.abs(a.coefficients[kept])))
    yield apart(a.covariance[within], b.covariance[within], np.outer(se, se))
    yield apart(a.log_likelihood, b.log_likelihood, max(1.0, abs(a.log_likelihood)))
    yield apart(a.log_likelihood_null, b.log_likelihood_null, max(1.0, abs(a.log_likelihood_null)))
    yield apart(a.score_test, b.score_test, max(1.0, a.score_test))
    if a.robust_covariance is not None:
        size = np.maximum(errors(a.robust_covariance)[kept], 1e-4 * se)
        yield apart(a.robust_covariance[within], b.robust_covariance[within], np.outer(size, size))


@pytest.mark.parametrize("block", range(5))
def test_both_paths_agree(block):
    assert backend.COX is None or backend.compiled()
    for seed in range(block * CASES // 5, (block + 1) * CASES // 5):
        data, options = random_case(seed)
        a = fit_on("numpy", *data, **options)
        b = a if backend.COX is None else fit_on("compiled", *data, **options)
        assert a.status == b.status, seed
        assert (a.aliased == b.aliased).all(), seed
        assert (a.robust_covariance is None) == (b.robust_covariance is None)
        if a.status == Status.OK:
            assert max(differences(a, b)) < 1e-10, (seed, list(differences(a, b)))
        else:
            assert np.isnan(a.covariance).all(), seed
            assert not np.isfinite(a.coefficients).any(), seed


def test_separation_is_flagged_where_there_is_no_maximum_and_nowhere_else():
    seen = {Status.OK: 0, Status.SEPARATION: 0}
    for seed in range(1000, 1300):
        (time, event, x), options = random_case(seed)
        if len(time) > 60:
            continue
        fit = fit_on("numpy", time, event, x, **options)
        if fit.status in seen and not fit.aliased.all():
            seen[fit.status] += 1
            wanted = has_no_maximum(time, event, x[:, ~fit.aliased], **options)
            assert (fit.status == Status.SEPARATION) == wanted, seed
    assert min(seen.values()) > 40
