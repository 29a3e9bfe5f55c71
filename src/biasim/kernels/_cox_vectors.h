/* The loops that a processor's wide registers serve. Included twice by _cox_fit.h: portable, and for AVX2 with FMA.
 *
 * Rows hold `q` numbers each: `p` covariates, padded with zeros to a multiple of four.
 */

static TARGET INLINE void NAME(add)(double *sum, const double *z, double times, int64_t q)
{
    for (int64_t j = 0; j < q; j += 4)
        STORE(sum + j, LOAD(sum + j) + times * LOAD(z + j));
}

/* sum + lost += part, without rounding errors. Not inlined: a product fused into the additions would spoil it. */
static TARGET APART void NAME(add_exactly)(double *sum, double *lost, const double *part, int64_t q)
{
    for (int64_t j = 0; j < q; j += 4) {
        four more = LOAD(part + j), before = LOAD(sum + j), after = before + more, share = after - before;
        STORE(lost + j, LOAD(lost + j) + ((before - (after - share)) + (more - share)));
        STORE(sum + j, after);
    }
}

/* exp to one unit in the last place for |x| <= 708: 2^k times Taylor's polynomial on |x - k log 2| <= log(2) / 2. */
static TARGET INLINE void NAME(exponentials)(double *x, const double *times, int64_t n)
{
    static const double term[] = {1.0 / 6227020800.0, 1.0 / 479001600.0, 1.0 / 39916800.0, 1.0 / 3628800.0, 1.0 / 362880.0,
                                  1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5};
#if VECTORS
    for (int64_t i = 0; i < n; i += 4) {
        four value = LOAD(x + i), shifted = value * 1.4426950408889634 + 6755399441055744.0;
        four k = shifted - 6755399441055744.0;
        four r = (value - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
        four sum = r * term[0] + term[1];
        for (int t = 2; t < 12; t++)
            sum = sum * r + term[t];
        sum = 1.0 + (r + r * r * sum);
        STORE(x + i, LOAD(times + i) * (four)((four_integers)sum + ((four_integers)shifted << 52)));
    }
#else
    (void)term;
    for (int64_t i = 0; i < n; i++)
        x[i] = times[i] * exp(x[i]);
#endif
}

/* risk = weight exp(z beta); both arrays have room for three more than m. */
static TARGET void NAME(risks)(const Fit *f, const double *beta, double *risk)
{
    for (int64_t start = 0; start < f->m; start += ROWS) {
        int64_t stop = start + ROWS < f->m ? start + ROWS : f->m;
        for (int64_t i = start; i < stop; i++) {
            const double *z = f->z + i * f->q;
            four sum = LOAD(z) * LOAD(beta);
            for (int64_t j = 4; j < f->q; j += 4)
                sum += LOAD(z + j) * LOAD(beta + j);
            double predictor = (PART(sum, 0) + PART(sum, 1)) + (PART(sum, 2) + PART(sum, 3));
            risk[i] = predictor > FARTHEST ? FARTHEST : predictor < -FARTHEST ? -FARTHEST : predictor;
        }
        NAME(exponentials)(risk + start, f->weight + start, stop - start);
    }
}

/* The lower blocks of matrix (q, q) += rows' diag(weight) rows. */
static TARGET void NAME(gram)(const double *rows, const double *weight, int64_t n, int64_t q, double *matrix)
{
    for (int64_t start = 0; start < n; start += ROWS) {
        int64_t stop = start + ROWS < n ? start + ROWS : n;
        for (int64_t a = 0; a < q; a += 4)
            for (int64_t b = 0; b <= a; b += 4) {
                four s0 = LOAD(matrix + a * q + b), s1 = LOAD(matrix + (a + 1) * q + b);
                four s2 = LOAD(matrix + (a + 2) * q + b), s3 = LOAD(matrix + (a + 3) * q + b);
                four t0 = s0 - s0, t1 = t0, t2 = t0, t3 = t0;
                int64_t i = start;
                for (; i + 1 < stop; i += 2) {
                    const double *u = rows + i * q, *v = u + q;
                    four x = weight[i] * LOAD(u + b), y = weight[i + 1] * LOAD(v + b);
                    s0 += u[a] * x, s1 += u[a + 1] * x, s2 += u[a + 2] * x, s3 += u[a + 3] * x;
                    t0 += v[a] * y, t1 += v[a + 1] * y, t2 += v[a + 2] * y, t3 += v[a + 3] * y;
                }
                if (i < stop) {
                    const double *u = rows + i * q;
                    four x = weight[i] * LOAD(u + b);
                    s0 += u[a] * x, s1 += u[a + 1] * x, s2 += u[a + 2] * x, s3 += u[a + 3] * x;
                }
                STORE(matrix + a * q + b, s0 + t0);
                STORE(matrix + (a + 1) * q + b, s1 + t1);
                STORE(matrix + (a + 2) * q + b, s2 + t2);
                STORE(matrix + (a + 3) * q + b, s3 + t3);
            }
    }
}

/* Each of the n rows times the symmetric matrix (q, q). */
static TARGET void NAME(multiply)(double *rows, const double *matrix, double *product, int64_t n, int64_t q)
{
    for (int64_t i = 0; i < n; i++) {
        memset(product, 0, q * sizeof *product);
        for (int64_t j = 0; j < q; j++)
            NAME(add)(product, matrix + j * q, rows[i * q + j], q);
        memcpy(rows + i * q, product, q * sizeof *product);
    }
}
