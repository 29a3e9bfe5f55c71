/* Stable ascending order of numbers by radix: as numpy's argsort(kind="stable"), in linear time. */

#define DIGIT 11
#define DIGITS 6 /* 6 * 11 >= 64 bits */

/* Bits that ascend as unsigned integers where the numbers ascend; -0 equals 0. */
static uint64_t rank_bits(double number)
{
    uint64_t bits;
    number += 0.0;
    memcpy(&bits, &number, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

/* Fills order (n,); numbers (n,) without nan. Returns success: whether there was memory. */
static int ascending(const double *numbers, int64_t *order, int64_t n)
{
    const uint64_t mask = (1 << DIGIT) - 1;
    uint64_t *keys = malloc((size_t)(2 * n + 1) * sizeof *keys), *next = keys + n;
    int64_t *spare = malloc((size_t)(n + 1) * sizeof *spare), *from = spare, *to = order;
    uint32_t(*counts)[1 << DIGIT] = calloc(DIGITS, sizeof *counts);
    int success = keys && spare && counts;
    if (success) {
        uint64_t *now = keys;
        int passes = 0;
        for (int64_t i = 0; i < n; i++) {
            keys[i] = rank_bits(numbers[i]);
            for (int d = 0; d < DIGITS; d++)
                counts[d][keys[i] >> (d * DIGIT) & mask]++;
        }
        for (int d = 0; d < DIGITS; d++) {
            uint32_t before = 0, *count = counts[d];
            if (n == 0 || count[now[0] >> (d * DIGIT) & mask] == n)
                continue; /* the same digit everywhere */
            for (uint64_t k = 0; k <= mask; k++) {
                uint32_t here = count[k];
                count[k] = before;
                before += here;
            }
            for (int64_t i = 0; i < n; i++) {
                uint32_t at = count[now[i] >> (d * DIGIT) & mask]++;
                next[at] = now[i];
                to[at] = passes ? from[i] : i;
            }
            uint64_t *keys_read = now;
            int64_t *order_read = from;
            now = next, next = keys_read, from = to, to = order_read, passes++;
        }
        for (int64_t i = 0; passes == 0 && i < n; i++)
            order[i] = i;
        if (passes && from != order)
            memcpy(order, from, (size_t)n * sizeof *order);
    }
    free(keys), free(spare), free(counts);
    return success;
}
