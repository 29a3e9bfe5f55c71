/* Newton-Raphson with safe steps; rules and constants are those of _cox_newton.py. */

/* Cumulative hazard met by each row, times its risk: into f->met. */
static void exposures(Fit *f)
{
    for (int64_t s = 0, i = 0; s < f->strata_count; s++) {
        int64_t begin = f->strata[s], end = f->strata[s + 1];
        double sum = 0.0, lost = 0.0;
        for (int64_t e = end - 1; e >= begin; e--) {
            double after = sum + f->hazard[e], share = after - sum;
            if (f->leavers)
                lost += (sum - (after - share)) + (f->hazard[e] - share);
            sum = after;
            f->above[e] = sum, f->below[e] = lost;
        }
        for (; i < f->m && f->first[i] < end; i++) {
            int64_t e = f->first[i], g = f->last[i];
            double met = f->above[e], rest = f->below[e];
            if (g < end)
                met -= f->above[g], rest -= f->below[g];
            met += rest;
            if (f->dead[i] && f->tied[e])
                met -= f->hazard[e] - f->own[e];
            f->met[i] = met * f->risk[i];
        }
    }
}

/* Information (q, q) at the point last evaluated, and its diagonal before the means are taken off. */
static void derive(Fit *f)
{
    int64_t q = f->q;
    exposures(f);
    memset(f->information, 0, q * q * sizeof(double));
    f->path->gram(f->z, f->met, f->m, q, f->information);
    for (int64_t a = 0; a < q; a++)
        f->moments[a] = f->information[a * q + a];
    for (int64_t a = 0; a < f->p; a++)
        for (int64_t b = 0; b <= a; b++) {
            f->information[a * q + b] -= f->means[a * q + b];
            f->information[b * q + a] = f->information[a * q + b];
        }
}

/* Marks columns that are not linear combinations of earlier ones; returns their number. Destroys f->factor. */
static int64_t independent(Fit *f)
{
    int64_t p = f->p, q = f->q, found = 0;
    double *rest = f->factor, *noise = f->size;
    memcpy(rest, f->information, q * q * sizeof(double));
    for (int64_t j = 0; j < p; j++)
        noise[j] = COLLINEAR * f->moments[j];
    for (int64_t j = 0; j < p; j++) {
        double pivot = rest[j * q + j];
        f->kept[j] = pivot > noise[j];
        if (!f->kept[j])
            continue;
        f->columns[found++] = j;
        for (int64_t a = j + 1; a < p; a++) {
            double share = rest[a * q + j] / pivot;
            noise[a] += share * share * noise[j];
            for (int64_t b = j + 1; b < p; b++)
                rest[a * q + b] -= share * rest[j * q + b];
        }
    }
    return f->used = found;
}

/* Cholesky factor of the information of the kept columns, scaled to a unit diagonal, plus a ridge. Returns success. */
static int factorise(Fit *f, double ridge)
{
    int64_t n = f->used, q = f->q;
    double *l = f->factor;
    for (int64_t a = 0; a < n; a++) {
        int64_t j = f->columns[a];
        double variance = f->information[j * q + j];
        f->size[a] = sqrt(variance > 2.2250738585072014e-308 ? variance : 2.2250738585072014e-308);
    }
    for (int64_t a = 0; a < n; a++)
        for (int64_t b = 0; b <= a; b++) {
            double sum = f->information[f->columns[a] * q + f->columns[b]] / (f->size[a] * f->size[b]);
            sum += a == b ? ridge : 0.0;
            for (int64_t k = 0; k < b; k++)
                sum -= l[a * q + k] * l[b * q + k];
            if (a == b && !(sum > 0.0))
                return 0;
            l[a * q + b] = a == b ? sqrt(sum) : sum / l[b * q + b];
        }
    return 1;
}

/* Solves information x = x in place, x over the kept columns. */
static void back_solve(const Fit *f, double *x)
{
    int64_t n = f->used, q = f->q;
    const double *l = f->factor;
    for (int64_t a = 0; a < n; a++) {
        double sum = x[a] / f->size[a];
        for (int64_t k = 0; k < a; k++)
            sum -= l[a * q + k] * x[k];
        x[a] = sum / l[a * q + a];
    }
    for (int64_t a = n - 1; a >= 0; a--) {
        double sum = x[a];
        for (int64_t k = a + 1; k < n; k++)
            sum -= l[k * q + a] * x[k];
        x[a] = sum / l[a * q + a];
    }
    for (int64_t a = 0; a < n; a++)
        x[a] /= f->size[a];
}

/* The Newton step into f->step; returns its squared length in standard errors, and whether no ridge was needed. */
static double newton_step(Fit *f, int *exact)
{
    static const double ridges[] = {0.0, 1e-13, 1e-10, 1e-7, 1e-4, 1e-1, 1e3};
    double decrement = 0.0, *x = f->part;
    int tried = 0;
    while (!factorise(f, ridges[tried]) && tried < 6)
        tried++;
    *exact = tried == 0;
    for (int64_t a = 0; a < f->used; a++)
        x[a] = f->gradient[f->columns[a]];
    back_solve(f, x);
    memset(f->step, 0, f->q * sizeof(double));
    for (int64_t a = 0; a < f->used; a++) {
        f->step[f->columns[a]] = x[a];
        decrement += x[a] * f->gradient[f->columns[a]];
    }
    return decrement;
}

/* Moves beta along the step, halved until the likelihood does not fall. Returns success. */
static int advance(Fit *f)
{
    double slack = 1e-10 * (1.0 + fabs(f->log_likelihood));
    for (int halving = 0; halving < HALVINGS; halving++) {
        for (int64_t j = 0; j < f->q; j++)
            f->trial[j] = f->beta[j] + f->step[j];
        double value = f->path->evaluate(f, f->trial);
        if (value >= f->log_likelihood - slack) {
            memcpy(f->beta, f->trial, f->q * sizeof(double));
            f->log_likelihood = value;
            return 1;
        }
        for (int64_t j = 0; j < f->q; j++)
            f->step[j] *= 0.5;
    }
    return 0;
}

/* How far the linear predictors move apart along the step; an upper bound where that is small. */
static double spread(const Fit *f)
{
    double low = INFINITY, high = -INFINITY, bound = 0.0;
    for (int64_t j = 0; j < f->p; j++)
        bound += 2.0 * fabs(f->step[j]) * f->reach[j];
    for (int64_t i = 0; !(bound < MOVING) && i < f->m; i++) {
        double value = 0.0;
        for (int64_t j = 0; j < f->p; j++)
            value += f->step[j] * f->z[i * f->q + j];
        low = value < low ? value : low;
        high = value > high ? value : high;
    }
    return bound < MOVING ? bound : high - low;
}

/* Maximises from f->beta, which is not 0 only where an earlier call came back in doubt at f->iterations. Where it has
 * CONVERGED, one step is still to be added: sums and factor belong to the point before it. */
static int maximise(Fit *f)
{
    double previous = INFINITY;
    int resumed = f->iterations > 0, exact;
    double zero = f->path->evaluate(f, f->origin);
    f->null = f->log_likelihood = zero;
    derive(f);
    if (independent(f) == 0)
        return f->p ? SINGULAR : CONVERGED;
    f->score_test = newton_step(f, &exact);
    if (resumed) {
        f->log_likelihood = f->path->evaluate(f, f->beta);
        derive(f);
    }
    for (; f->iterations < ITERATIONS; f->iterations++) {
        double decrement = newton_step(f, &exact) / f->unit;
        double moving = spread(f);
        if (!resumed && moving > MOVING && (decrement < FLAT || f->iterations >= LATE))
            return DOUBTFUL;
        if (exact && (decrement <= CLOSE || (decrement <= STALLED && decrement > previous / 4)))
            return CONVERGED;
        for (int64_t j = 0; moving > WIDEST && j < f->p; j++)
            f->step[j] *= WIDEST / moving;
        resumed = 0;
        if (!advance(f))
            return NOT_CONVERGED;
        derive(f);
        previous = decrement;
    }
    return NOT_CONVERGED;
}
