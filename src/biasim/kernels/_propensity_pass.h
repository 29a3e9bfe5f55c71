/* One pass of logistic regression over the patients, compiled once for every width of the processor's registers.
 *
 * WIDTH: doubles in a register. PASS: the name of the function made. TARGET: the attribute that asks for the instructions. */
#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define NAMED(part) JOIN(PASS, part)
#define lanes NAMED(lanes)
#define words NAMED(words)

typedef double lanes __attribute__((vector_size(8 * WIDTH), aligned(8), may_alias));
typedef int64_t words __attribute__((vector_size(8 * WIDTH), aligned(8), may_alias));

/* exp(x) for -700 <= x <= 0 by Cody and Waite's reduction, WIDTH at a time; 1e-16 relative. */
TARGET static void NAMED(exp_of_negative)(lanes *at)
{
    const double shift = 6755399441055744.0; /* 1.5 * 2^52: adding it leaves the nearest whole number in the low bits */
    lanes x = *at, shifted = x * 1.4426950408889634 + shift, whole = shifted - shift;
    lanes r = (x - whole * 6.93145751953125e-1) - whole * 1.42860682030941723212e-6;
    lanes p = r * (1.0 / 479001600.0) + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0, p = p * r + 1.0 / 362880.0, p = p * r + 1.0 / 40320.0, p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0, p = p * r + 1.0 / 120.0, p = p * r + 1.0 / 24.0, p = p * r + 1.0 / 6.0;
    p = p * r + 0.5, p = p * r + 1.0, p = p * r + 1.0;
    words power = ((words)shifted + 1023) << 52;
    *at = p * (lanes)power;
}

/* Log likelihood of the block; residuals and curvature by patient, 0 in the padding. */
TARGET static double NAMED(pointwise)(const double *predictor, const double *outcome, const double *weights, int64_t size,
                                      double *residual, double *curvature)
{
    double gain = 0.0, product = 1.0, small[BLOCK];
    for (int64_t t = 0; t < BLOCK; t++)
        small[t] = fabs(predictor[t]) < 700.0 ? -fabs(predictor[t]) : -700.0;
    for (int64_t t = 0; t < BLOCK; t += WIDTH)
        NAMED(exp_of_negative)((lanes *)(small + t));
    for (int64_t t = 0; t < size; t++) {
        double odds = 1.0 / (1.0 + small[t]), other = small[t] * odds;
        residual[t] = outcome[t] - (predictor[t] >= 0.0 ? odds : other);
        curvature[t] = other * odds;
    }
    for (int64_t t = 0; t < size; t++) {
        double linear = (predictor[t] < 0.0 ? predictor[t] : 0.0) - predictor[t] * (1.0 - outcome[t]);
        if (weights) {
            gain += weights[t] * (linear - log(1.0 + small[t]));
            residual[t] *= weights[t], curvature[t] *= weights[t];
        } else {
            gain += linear;
            product *= 1.0 + small[t]; /* at most 2^BLOCK: one logarithm a block */
        }
    }
    return weights ? gain : gain - log(product);
}

/* sums += left block'; rows of `left` two at a time, columns of the block four at a time, lower triangle only. */
TARGET static void NAMED(add_products)(const Logistic *f)
{
    for (int64_t i = 0; i < f->padded + 2; i += 2)
        for (int64_t j = 0; j < f->padded && j <= i + 1; j += 4) {
            const double *a = f->left + i * PITCH, *b = f->block + j * PITCH;
            lanes *to = (lanes *)f->sums + i * f->padded + 2 * j; /* eight running sums for the tile (i, i + 1) x (j .. j + 3) */
            lanes sum[8] = {to[0], to[1], to[2], to[3], to[4], to[5], to[6], to[7]};
            for (int64_t t = 0; t < BLOCK; t += WIDTH) {
                lanes a0 = *(const lanes *)(a + t), a1 = *(const lanes *)(a + PITCH + t);
                lanes b0 = *(const lanes *)(b + t), b1 = *(const lanes *)(b + PITCH + t);
                lanes b2 = *(const lanes *)(b + 2 * PITCH + t), b3 = *(const lanes *)(b + 3 * PITCH + t);
                sum[0] += a0 * b0, sum[1] += a0 * b1, sum[2] += a0 * b2, sum[3] += a0 * b3;
                sum[4] += a1 * b0, sum[5] += a1 * b1, sum[6] += a1 * b2, sum[7] += a1 * b3;
            }
            to[0] = sum[0], to[1] = sum[1], to[2] = sum[2], to[3] = sum[3];
            to[4] = sum[4], to[5] = sum[5], to[6] = sum[6], to[7] = sum[7];
        }
}

/* Add up the lanes. */
TARGET static void NAMED(gather)(Logistic *f)
{
    for (int64_t i = 0; i < f->padded + 2; i++)
        for (int64_t j = 0; j < f->padded && j <= i; j++) {
            const double *v = f->sums + WIDTH * (i / 2 * 2 * f->padded + j / 4 * 8 + i % 2 * 4 + j % 4);
            double sum = 0.0;
            for (int c = 0; c < WIDTH; c++)
                sum += v[c];
            f->information[i * f->padded + j] = sum;
        }
}

TARGET static void PASS(Logistic *f, const double *gamma)
{
    double predictor[BLOCK], curvature[BLOCK], *residual = f->left + f->padded * PITCH;
    memset(f->sums, 0, (size_t)((f->padded + 2) * f->padded) * WIDTH * sizeof(double));
    f->log_likelihood = 0.0;
    for (int64_t start = 0; start < f->n; start += BLOCK) {
        int64_t size = f->n - start < BLOCK ? f->n - start : BLOCK;
        memset(predictor, 0, sizeof predictor);
        if (size < BLOCK)
            memset(f->block, 0, (size_t)(f->padded * PITCH) * sizeof(double));
        for (int64_t j = 0; j < f->k; j++) {
            double *to = f->block + j * PITCH;
            const double *from = f->design + j * f->n + start;
            for (int64_t t = 0; t < size; t++)
                to[t] = from[t], predictor[t] += gamma[j] * from[t];
        }
        memset(residual, 0, BLOCK * sizeof(double));
        memset(curvature, 0, sizeof curvature);
        f->log_likelihood += NAMED(pointwise)(predictor, f->outcome + start, f->weights ? f->weights + start : NULL, size,
                                              residual, curvature);
        for (int64_t j = 0; j < f->k; j++)
            for (int64_t t = 0; t < BLOCK; t++)
                f->left[j * PITCH + t] = f->block[j * PITCH + t] * curvature[t];
        NAMED(add_products)(f);
    }
    NAMED(gather)(f);
    memcpy(f->score, f->information + f->padded * f->padded, (size_t)f->k * sizeof(double));
}

#undef lanes
#undef words
#undef NAMED
#undef JOIN
#undef JOIN_
#undef WIDTH
#undef PASS
#undef TARGET
