/* Laying a fit out in memory, and handing its results back in the caller's units. */

static double *carve(double **at, int64_t numbers)
{
    double *mine = *at;
    *at += (numbers + 7) / 8 * 8;
    return mine;
}

/* Centres the columns of z and scales them by powers of two; a column that only rounding varies becomes 0. */
static void standardise(Fit *f)
{
    int64_t m = f->m, q = f->q;
    double *mean = f->centre, *square = f->part;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < q; j++)
            mean[j] += f->z[i * q + j];
    for (int64_t j = 0; j < q; j++)
        mean[j] /= m;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < q; j++) {
            f->z[i * q + j] -= mean[j];
            square[j] += f->z[i * q + j] * f->z[i * q + j];
        }
    for (int64_t j = 0; j < q; j++) {
        int power;
        double spread = sqrt(square[j] / m);
        int constant = !(spread > 1e-13 * fabs(mean[j]));
        frexp(constant ? 1.0 : spread, &power);
        f->scale[j] = ldexp(1.0, -power);
        square[j] = constant ? 0.0 : f->scale[j];
    }
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < q; j++) {
            double value = f->z[i * q + j] * square[j];
            f->z[i * q + j] = value;
            f->reach[j] = fabs(value) > f->reach[j] ? fabs(value) : f->reach[j];
        }
}

/* Deaths of each death time, and the sums over all deaths. */
static void count_deaths(Fit *f)
{
    double total = 0.0;
    int64_t deaths = 0;
    for (int64_t i = 0; i < f->m; i++) {
        if (!f->dead[i])
            continue;
        f->count[f->first[i]]++;
        f->mass[f->first[i]] += f->weight[i];
        total += f->weight[i];
        deaths++;
        for (int64_t j = 0; j < f->q; j++)
            f->covered[j] += f->weight[i] * f->z[i * f->q + j];
    }
    for (int64_t e = 0; e < f->times; e++)
        f->tied[e] = f->efron && f->count[e] > 1;
    f->unit = total / deaths;
}

/* Returns success: whether there was memory. */
static int lay_out(Fit *f, const double *covariates, const double *weights, const double *beta)
{
    int64_t m = f->m, p = f->p, q = f->q, t = f->times, w = q + 8, pad = 8;
    size_t numbers = (size_t)(m * q + 3 * (m + 2 * pad) + 8 * (t + pad) + (t + pad) + 20 * (w + pad) + (m + pad) +
                              3 * q * (q + pad) + (ROWS + 2) * (q + 1) + 4 * pad + 64);
    double *at = f->memory = calloc(numbers, sizeof(double));
    if (at == NULL)
        return 0;
    f->path = best_path();
    double **rows[] = {&f->weight, &f->risk, &f->met};
    double **death_times[] = {&f->mass, &f->hazard, &f->own, &f->square, &f->above, &f->below};
    double **columns[] = {&f->centre, &f->scale, &f->covered, &f->origin, &f->beta, &f->trial, &f->step, &f->gradient,
                          &f->moments, &f->size, &f->sum, &f->moving, &f->lost, &f->now, &f->dying, &f->part, &f->spare, &f->reach};
    double **squares[] = {&f->information, &f->factor, &f->means};
    f->z = carve(&at, m * q);
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        *rows[k] = carve(&at, m + 4);
    for (size_t k = 0; k < sizeof death_times / sizeof *death_times; k++)
        *death_times[k] = carve(&at, t);
    f->count = (int64_t *)carve(&at, t);
    f->tied = (uint8_t *)carve(&at, t);
    f->leaves = (uint8_t *)carve(&at, m / 8 + 1);
    for (int64_t k = 0; k < f->leavers; k++)
        f->leaves[f->leaving[k]] = 1;
    for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
        *columns[k] = carve(&at, w);
    f->columns = (int64_t *)carve(&at, w);
    f->kept = (uint8_t *)carve(&at, w);
    for (size_t k = 0; k < sizeof squares / sizeof *squares; k++)
        *squares[k] = carve(&at, q * q);
    f->outer = carve(&at, (ROWS + 2) * q);
    f->outer_weight = carve(&at, ROWS + 2);
    for (int64_t i = 0; i < m; i++) {
        memcpy(f->z + i * q, covariates + f->rows[i] * p, p * sizeof(double));
        f->weight[i] = weights ? weights[f->rows[i]] : 1.0;
    }
    memcpy(f->beta, beta, p * sizeof(double));
    standardise(f);
    count_deaths(f);
    return 1;
}

/* The sandwich (q, q) into f->means from f->factor, the inverse information over all columns. Returns success. */
static int robust(Fit *f)
{
    int64_t q = f->q, n = f->group ? f->groups : f->m;
    f->score_memory = calloc((size_t)(n * q + (f->leavers ? 2 : 1) * f->times * q + n), sizeof(double));
    if (f->score_memory == NULL)
        return 0;
    f->scores = f->score_memory;
    f->drift = f->scores + n * q;
    double *one = f->drift + f->times * q;
    if (f->leavers) {
        f->rest = one;
        one += f->times * q;
    }
    for (int64_t k = 0; k < n; k++)
        one[k] = 1.0;
    f->path->evaluate(f, f->beta);
    f->path->exposure_scores(f);
    f->path->multiply(f->scores, f->factor, f->part, n, q);
    memset(f->means, 0, q * q * sizeof(double));
    f->path->gram(f->scores, one, n, q, f->means);
    return 1;
}

static int report(Fit *f, int state, double *beta, double *direction, uint8_t *kept, double *covariance, double *sandwich)
{
    int64_t p = f->p, q = f->q;
    memcpy(kept, f->kept, p);
    for (int64_t j = 0; j < p; j++) {
        beta[j] = state == CONVERGED ? (f->beta[j] + f->step[j]) * f->scale[j] : f->beta[j];
        direction[j] = f->step[j];
    }
    if (state != CONVERGED || p == 0)
        return 1;
    for (int64_t b = 0; b < f->used; b++) {
        memset(f->part, 0, q * sizeof(double));
        f->part[b] = 1.0;
        back_solve(f, f->part);
        for (int64_t a = 0; a < f->used; a++)
            f->information[f->columns[a] * q + f->columns[b]] = f->part[a];
    }
    memset(f->factor, 0, q * q * sizeof(double));
    for (int64_t a = 0; a < p; a++)
        for (int64_t b = 0; b < p; b++)
            if (f->kept[a] && f->kept[b]) {
                f->factor[a * q + b] = 0.5 * (f->information[a * q + b] + f->information[b * q + a]);
                covariance[a * p + b] = f->factor[a * q + b] * f->scale[a] * f->scale[b];
            }
    if (sandwich == NULL)
        return 1;
    if (!robust(f))
        return 0;
    for (int64_t a = 0; a < p; a++)
        for (int64_t b = 0; b < p; b++)
            if (f->kept[a] && f->kept[b])
                sandwich[a * p + b] = f->means[(a > b ? a * q + b : b * q + a)] * f->scale[a] * f->scale[b];
    return 1;
}

static void release(Fit *f)
{
    free(f->memory);
    free(f->score_memory);
}
