/* Partial likelihood of Cox, its derivatives and score residuals. Included twice by _cox_fit.h: portable, and for AVX2 with FMA.
 *
 * Mathematics and names are those of _cox_numpy.py. Rows z hold the covariates. Sums over rows that leave their risk sets early
 * are compensated (Knuth's two-sum), so that nothing cancels.
 */

/* One row into or out of the running sums of the risk set: those of the rows that stay, or the compensated ones. */
static TARGET inline void NAME(shift)(const Fit *f, int64_t i, double sign)
{
    const double *z = f->z + i * f->q;
    if (!f->leaves[i]) {
        f->sum[f->q] += f->risk[i];
        NAME(add)(f->sum, z, f->risk[i], f->q);
        return;
    }
    double times = sign * f->risk[i];
    for (int64_t j = 0; j < f->q; j += 4)
        STORE(f->part + j, times * LOAD(z + j));
    NAME(add_exactly)(f->moving, f->lost, f->part, f->q);
    double before = f->moving[f->q], after = before + times, share = after - before;
    f->lost[f->q] += (before - (after - share)) + (times - share);
    f->moving[f->q] = after;
}

/* Terms of one death time, from the sums of survivors `now` and of the dying `f->dying`; returns its log likelihood. */
static TARGET double NAME(death_time)(Fit *f, int64_t e, const double *now, double *outer, double *outer_weight)
{
    int64_t q = f->q, d = f->count[e];
    double survivors = now[q], dying = f->dying[q], log_likelihood = 0.0, *spare = outer + q;
    outer_weight[1] = 0.0;
    if (!f->tied[e]) {
        double hazard = f->mass[e] / survivors;
        f->hazard[e] = f->own[e] = hazard;
        NAME(add)(f->gradient, now, -hazard, q);
        memcpy(outer, now, q * sizeof *now);
        outer_weight[0] = hazard / survivors;
        f->square[e] = outer_weight[0];
        return -f->mass[e] * log(survivors);
    }
    double mean = f->mass[e] / d, hazard = 0, own = 0, slow = 0, cross = 0, fast = 0;
    for (int64_t k = 0; k < d; k++) {
        double left = 1.0 - (double)k / d, below = survivors + left * dying, step = mean / below, slope = step / below;
        hazard += step, own += left * step;
        slow += slope, cross += left * slope, fast += left * left * slope;
        log_likelihood -= mean * log(below);
    }
    f->hazard[e] = hazard, f->own[e] = own;
    f->square[e] = slow, f->cross = cross, f->fast = fast;
    NAME(add)(f->gradient, now, -hazard, q);
    NAME(add)(f->gradient, f->dying, -own, q);
    double share = cross / slow, rest = fast - share * cross; /* slow UU' + cross (UD' + DU') + fast DD' as two squares */
    memcpy(outer, now, q * sizeof *now);
    NAME(add)(outer, f->dying, share, q);
    memcpy(spare, f->dying, q * sizeof *now);
    outer_weight[0] = slow;
    outer_weight[1] = rest > 0 ? rest : 0.0;
    return log_likelihood;
}

/* Score terms of the deaths at e, and the drift of everybody then at risk; as in _cox_numpy.score_residuals. */
static TARGET void NAME(death_scores)(Fit *f, int64_t e, int64_t from, int64_t to, const double *now)
{
    int64_t q = f->q;
    double *drift = f->drift + e * q, *mean = f->part, *more = f->spare;
    memset(drift, 0, q * sizeof *drift);
    memset(mean, 0, q * sizeof *mean);
    memset(more, 0, q * sizeof *more);
    NAME(add)(drift, now, f->square[e], q);
    NAME(add)(mean, now, f->hazard[e] / f->mass[e], q);
    if (f->tied[e]) {
        NAME(add)(drift, f->dying, f->cross, q);
        NAME(add)(mean, f->dying, f->own[e] / f->mass[e], q);
        NAME(add)(more, drift, 1.0, q);
        NAME(add)(more, now, -f->cross, q);
        NAME(add)(more, f->dying, -f->fast, q);
    }
    for (int64_t i = from; i < to; i++) {
        if (!f->dead[i])
            continue;
        double *score = f->scores + (f->group ? f->group[f->rows[i]] : i) * q;
        NAME(add)(score, f->z + i * q, f->weight[i], q);
        NAME(add)(score, mean, -f->weight[i], q);
        NAME(add)(score, more, -f->risk[i], q);
    }
}

/* One sweep over the death times, the latest first, where nobody leaves early. Inlined once for each small q, which then
 * keeps its sums in registers. */
static TARGET INLINE double NAME(sweep)(Fit *f, const int64_t q)
{
    double few[16], slope[16], log_likelihood = 0.0, product = 1.0;
    double *sum = q <= 16 ? few : f->sum, *gradient = q <= 16 ? slope : f->spare, *outer = f->outer;
    int64_t i = 0, filled = 0;
    for (int64_t j = 0; j < q; j++)
        gradient[j] = 0.0;
    for (int64_t s = 0, e = 0; s < f->strata_count; s++) {
        double total = 0.0;
        for (int64_t j = 0; j < q; j++)
            sum[j] = 0.0;
        for (; e < f->strata[s + 1]; e++) {
            if (f->tied[e]) {
                int64_t from = i;
                memset(f->dying, 0, (q + 1) * sizeof(double));
                for (; i < f->m && f->first[i] == e; i++)
                    if (!f->dead[i]) {
                        total += f->risk[i];
                        NAME(add)(sum, f->z + i * q, f->risk[i], q);
                    }
                for (int64_t k = from; k < i; k++)
                    if (f->dead[k]) {
                        f->dying[q] += f->risk[k];
                        NAME(add)(f->dying, f->z + k * q, f->risk[k], q);
                    }
                memcpy(f->now, sum, q * sizeof(double));
                f->now[q] = total;
                log_likelihood += NAME(death_time)(f, e, f->now, outer + filled * q, f->outer_weight + filled);
                total += f->dying[q];
                NAME(add)(sum, f->dying, 1.0, q);
                filled += 2;
            } else {
                for (; i < f->m && f->first[i] == e; i++) {
                    total += f->risk[i];
                    NAME(add)(sum, f->z + i * q, f->risk[i], q);
                }
                double hazard = f->mass[e] / total, *row = outer + filled * q;
                f->hazard[e] = hazard;
                f->outer_weight[filled++] = hazard / total;
                for (int64_t j = 0; j < q; j += 4) {
                    four part = LOAD(sum + j);
                    STORE(row + j, part);
                    STORE(gradient + j, LOAD(gradient + j) + hazard * part);
                }
                if (f->mass[e] == 1.0 && total > 1e-30 && total < 1e30) {
                    product *= total;
                    if (!(product > 1e-250 && product < 1e250)) {
                        log_likelihood -= log(product);
                        product = 1.0;
                    }
                } else
                    log_likelihood -= f->mass[e] * log(total);
            }
            if (filled >= ROWS) {
                NAME(gram)(outer, f->outer_weight, filled, q, f->means);
                filled = 0;
            }
        }
    }
    NAME(gram)(outer, f->outer_weight, filled, q, f->means);
    NAME(add)(f->gradient, gradient, -1.0, q);
    return log_likelihood - log(product);
}

static TARGET double NAME(sweep_4)(Fit *f) { return NAME(sweep)(f, 4); }
static TARGET double NAME(sweep_8)(Fit *f) { return NAME(sweep)(f, 8); }
static TARGET double NAME(sweep_12)(Fit *f) { return NAME(sweep)(f, 12); }
static TARGET double NAME(sweep_wide)(Fit *f) { return NAME(sweep)(f, f->q); }

/* Everything at one value of the coefficients; returns the log likelihood. */
static TARGET double NAME(evaluate)(Fit *f, const double *beta)
{
    int64_t q = f->q, i = 0, gone = 0, filled = 0, width = (q + 1) * (int64_t)sizeof(double);
    double log_likelihood = 0.0, *now = f->now;
    NAME(risks)(f, beta, f->risk);
    memcpy(f->gradient, f->covered, q * sizeof *now);
    for (int64_t j = 0; j < f->p; j++)
        log_likelihood += f->covered[j] * beta[j];
    memset(f->means, 0, q * q * sizeof *now);
    if (f->leavers == 0 && f->drift == NULL)
        return log_likelihood + (q == 4 ? NAME(sweep_4)(f) : q == 8 ? NAME(sweep_8)(f) : q == 12 ? NAME(sweep_12)(f)
                                                                                      : NAME(sweep_wide)(f));
    for (int64_t s = 0, e = 0; s < f->strata_count; s++) {
        memset(f->sum, 0, width), memset(f->moving, 0, width), memset(f->lost, 0, width);
        for (; e < f->strata[s + 1]; e++) {
            int64_t from = i;
            for (; i < f->m && f->first[i] == e; i++)
                if (!(f->tied[e] && f->dead[i]))
                    NAME(shift)(f, i, 1.0);
            for (; gone < f->leavers && f->last[f->leaving[gone]] == e; gone++)
                NAME(shift)(f, f->leaving[gone], -1.0);
            for (int64_t j = 0; j <= q; j++)
                now[j] = f->sum[j] + (f->moving[j] + f->lost[j]);
            if (f->tied[e]) {
                memset(f->dying, 0, width);
                for (int64_t k = from; k < i; k++)
                    if (f->dead[k]) {
                        NAME(shift)(f, k, 1.0);
                        NAME(add)(f->dying, f->z + k * q, f->risk[k], q);
                        f->dying[q] += f->risk[k];
                    }
            }
            log_likelihood += NAME(death_time)(f, e, now, f->outer + filled * q, f->outer_weight + filled);
            if (f->drift)
                NAME(death_scores)(f, e, from, i, now);
            filled += f->tied[e] ? 2 : 1;
            if (filled >= ROWS) {
                NAME(gram)(f->outer, f->outer_weight, filled, q, f->means);
                filled = 0;
            }
        }
    }
    NAME(gram)(f->outer, f->outer_weight, filled, q, f->means);
    return log_likelihood;
}

/* Adds to the scores of each row what it meets while at risk: risk (drift - z hazard). */
static TARGET void NAME(exposure_scores)(Fit *f)
{
    int64_t q = f->q, size = q * (int64_t)sizeof(double);
    for (int64_t s = 0, i = 0; s < f->strata_count; s++) {
        int64_t end = f->strata[s + 1];
        memset(f->sum, 0, size), memset(f->lost, 0, size);
        for (int64_t e = end - 1; e >= f->strata[s]; e--) {
            NAME(add_exactly)(f->sum, f->lost, f->drift + e * q, q);
            memcpy(f->drift + e * q, f->sum, size);
            if (f->leavers)
                memcpy(f->rest + e * q, f->lost, size);
        }
        for (; i < f->m && f->first[i] < end; i++) {
            double *score = f->scores + (f->group ? f->group[f->rows[i]] : i) * q, *met = f->part;
            memcpy(met, f->drift + f->first[i] * q, size);
            if (f->last[i] < end) {
                NAME(add)(met, f->drift + f->last[i] * q, -1.0, q);
                NAME(add)(met, f->rest + f->last[i] * q, -1.0, q);
            }
            if (f->leavers)
                NAME(add)(met, f->rest + f->first[i] * q, 1.0, q);
            NAME(add)(score, met, f->risk[i], q);
            NAME(add)(score, f->z + i * q, -f->met[i], q);
        }
    }
}
