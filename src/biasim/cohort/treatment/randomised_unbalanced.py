"""Treatment: a randomised trial with arms that differ in prognosis."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from biasim.cohort.treatment._choice import probability, standardised
from biasim.cohort.treatment._trial import AT_DIAGNOSIS, Protocol, assigned, entering
from biasim.errors import BiasimError
from biasim.types import Course, Floats, Patients, Treatment
from biasim.units import RANDOMISATION, Difference, Gives, Switch

PART = "treatment.randomised_unbalanced"


def randomised_unbalanced(
    patients: Patients,
    course: Course,
    rng: np.random.Generator,
    *,
    protocol: Protocol = AT_DIAGNOSIS,
    difference: Annotated[Difference, Switch(0.0)] = -0.3,
    hidden_difference: Annotated[Difference, Switch(0.0)] = -0.3,
) -> Annotated[Treatment, Gives(RANDOMISATION)]:
    """One to one between surgery and none, in arms that chance or a broken allocation left unbalanced; everybody keeps to hers.

    With the draws of `randomised`, and to the last bit its trial where both differences are 0. Given how far the arms are
    apart in prognosis, a trial that chance left so and one that was allocated so are the same trial: the chance of an
    allocation depends on nothing but the sum of prognosis in the arm of surgery. The differences are those expected; each trial
    has its own on top, about 2 / sqrt(n) either way.

    Equation
    --------
    logit P(arm = surgery) = a + t z_recorded + t_h z_hidden, solved for half in each arm and the expected differences in means

    Where the bias comes from
    -------------------------
    The arms differ by `difference` standard deviations in recorded, and by `hidden_difference` in hidden prognosis. Below 0 the
    women of the surgery arm are the better ones, which favours surgery; above 0 it works against surgery. Over all trials
    that chance allocates the differences average 0 and no bias is left; in one trial they are what they are. Adjusting for the
    recorded prognosis removes its part, however small the trial.

    Parameters
    ----------
    protocol
        Month of randomisation, who qualifies, refusal, and months from randomisation to the operation; nobody crosses over.
    difference
        Expected mean of the surgery arm less that of the control arm, in standard deviations of the recorded log hazard.
        Default: -0.3, assumed: with 90 women, as in POSYTIVE, chance alone exceeds it, either way, in one trial of six.
    hidden_difference
        The same for the hidden log hazard. Default: -0.3, assumed.

    Raises
    ------
    BiasimError
        When no allocation of these women has such differences.

    Source
    ------
    Senn 1994, doi 10.1002/sim.4780131703.
    """
    enters, arm, _ = entering(patients, course, rng, protocol)
    chance = np.full(patients.size, 0.5)
    if difference or hidden_difference:
        scores = [standardised(one, enters)[enters] for one in (patients.recorded_log_hazard, patients.hidden_log_hazard)]
        chance[enters] = tilted(np.column_stack(scores), np.array([difference, hidden_difference]))
    operation = np.where(enters, protocol.at + protocol.delay, np.inf)
    return assigned(enters, arm < chance, (operation, np.full(patients.size, np.inf)), protocol.at)


def tilted(scores: Floats, wanted: Floats) -> Floats:
    """Chances of the surgery arm, 1/2 on average, with these expected differences in standardised scores (n, k) between the arms.

    With half of the women in each arm, the difference is 4 times the mean of (chance - 1/2) x score: equations for the slopes
    that Newton's method solves. A score without any spread cannot differ and is left out.
    """
    varies = scores.any(axis=0)
    design = np.column_stack([np.ones(len(scores)), scores[:, varies]])
    goal = np.concatenate([[0.0], wanted[varies]]) / 4.0
    slopes = np.zeros(design.shape[1])
    for _ in range(100):
        chance = probability(design @ slopes)
        missing = goal - design.T @ (chance - 0.5) / max(len(scores), 1)
        if np.abs(missing).max() < 1e-12:
            return chance
        curvature = (design * (chance * (1.0 - chance))[:, None]).T @ design / max(len(scores), 1)
        step = np.linalg.lstsq(curvature, missing, rcond=None)[0]
        slopes = slopes + step / max(1.0, np.abs(step).max())
    raise BiasimError(f"{PART}: no allocation of these women sets the arms {wanted.tolist()} apart. Choose smaller differences.")
