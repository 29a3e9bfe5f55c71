/* Greedy nearest-neighbour matching: the twin of `links` in _matching_greedy.py, link for link.
 *
 * Controls of equal score are a group; value[0] = -inf and value[groups + 1] = inf bound them. `below` and `above` are
 * union-find forests that lead to the nearest group with somebody free. */
#ifndef PROPENSITY_MATCHING_H
#define PROPENSITY_MATCHING_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct {
    const double *wanted, *offered; /* scores in the order of choice; scores of the controls, ascending */
    const int64_t *rows;            /* row of each control */
    int64_t takers, controls, ratio, groups, made;
    double limit;
    double *value;                              /* (groups + 2) */
    int64_t *free_one, *stop, *below, *above;   /* (groups + 2): first free control of a group and the end of the group */
    int64_t *turn, *nearest;                    /* (takers) still choosing; (ratio) */
    int64_t *who, *whom, *slot;                 /* the links */
} Greedy;

static void link_to(Greedy *g, int64_t taker, int64_t row, int64_t slot)
{
    g->who[g->made] = taker, g->whom[g->made] = row, g->slot[g->made] = slot, g->made++;
}

static int64_t lead(int64_t *forest, int64_t group)
{
    while (forest[group] != group)
        group = forest[group] = forest[forest[group]];
    return group;
}

/* The last group whose score is not above `score`. */
static int64_t place(const Greedy *g, double score)
{
    int64_t low = 0, high = g->groups + 1;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (g->value[middle] <= score)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* The group of the nearest free control, at equal distance that of the first row; -1 if none is within the limit. */
static int64_t choice(Greedy *g, double score)
{
    int64_t at = place(g, score), low = lead(g->below, at), high = lead(g->above, at + 1);
    double under = score - g->value[low], over = g->value[high] - score, distance = under < over ? under : over;
    if (distance > g->limit)
        return -1;
    int64_t group = under == distance ? low : high, row = g->rows[g->free_one[group]];
    while (under == distance) {
        if (g->rows[g->free_one[low]] < row)
            group = low, row = g->rows[g->free_one[low]];
        if (score - g->value[low - 1] != distance)
            break;
        low = lead(g->below, low - 1), under = score - g->value[low];
    }
    while (over == distance) {
        if (g->rows[g->free_one[high]] < row)
            group = high, row = g->rows[g->free_one[high]];
        if (g->value[high + 1] - score != distance)
            break;
        high = lead(g->above, high + 1), over = g->value[high] - score;
    }
    return group;
}

static void without_replacement(Greedy *g)
{
    int64_t choosing = g->takers;
    for (int64_t i = 0; i < choosing; i++)
        g->turn[i] = i;
    for (int64_t slot = 1; slot <= g->ratio && choosing > 0; slot++) {
        int64_t matched = 0;
        for (int64_t i = 0; i < choosing; i++) {
            int64_t taker = g->turn[i], group = choice(g, g->wanted[taker]);
            if (group < 0)
                continue;
            link_to(g, taker, g->rows[g->free_one[group]++], slot);
            if (g->free_one[group] == g->stop[group])
                g->below[group] = group - 1, g->above[group] = group + 1;
            g->turn[matched++] = taker;
        }
        choosing = matched;
    }
}

/* Keep the `room` smallest rows seen, ascending; the rows of a group ascend too. */
static int64_t keep_smallest(Greedy *g, int64_t group, int64_t kept, int64_t room)
{
    for (int64_t i = g->free_one[group]; i < g->stop[group]; i++) {
        int64_t row = g->rows[i], at = kept < room ? kept++ : room;
        if (at == room) {
            if (row >= g->nearest[room - 1])
                break;
            at = room - 1;
        }
        for (; at > 0 && g->nearest[at - 1] > row; at--)
            g->nearest[at] = g->nearest[at - 1];
        g->nearest[at] = row;
    }
    return kept;
}

static void with_replacement(Greedy *g)
{
    for (int64_t taker = 0; taker < g->takers; taker++) {
        double score = g->wanted[taker];
        int64_t low = place(g, score), high = low + 1;
        for (int64_t slot = 1; slot <= g->ratio;) {
            double under = score - g->value[low], over = g->value[high] - score, distance = under < over ? under : over;
            if (distance > g->limit)
                break;
            int64_t kept = 0, room = g->ratio + 1 - slot;
            for (; score - g->value[low] == distance; low--)
                kept = keep_smallest(g, low, kept, room);
            for (; g->value[high] - score == distance; high++)
                kept = keep_smallest(g, high, kept, room);
            for (int64_t i = 0; i < kept; i++)
                link_to(g, taker, g->nearest[i], slot++);
        }
    }
}

/* 1, or 0 without memory. `limit` is finite, so that nobody reaches the bounds. */
static int greedy(Greedy *g, int replace)
{
    size_t most = (size_t)g->controls + 2;
    g->value = malloc(most * sizeof(double));
    g->free_one = malloc(4 * most * sizeof(int64_t));
    g->turn = malloc(((size_t)g->takers + (size_t)g->ratio + 1) * sizeof(int64_t));
    int enough = g->value && g->free_one && g->turn;
    if (enough) {
        g->stop = g->free_one + most, g->below = g->stop + most, g->above = g->below + most;
        g->nearest = g->turn + g->takers;
        g->value[0] = -INFINITY, g->free_one[0] = g->stop[0] = 0, g->groups = 0;
        for (int64_t i = 0; i < g->controls; i++) {
            if (g->groups == 0 || g->offered[i] != g->value[g->groups])
                g->value[++g->groups] = g->offered[i], g->free_one[g->groups] = i;
            g->stop[g->groups] = i + 1;
        }
        g->value[g->groups + 1] = INFINITY, g->free_one[g->groups + 1] = g->stop[g->groups + 1] = g->controls;
        for (int64_t i = 0; i <= g->groups + 1; i++)
            g->below[i] = g->above[i] = i;
        g->made = 0;
        if (replace)
            with_replacement(g);
        else
            without_replacement(g);
    }
    free(g->value), free(g->free_one), free(g->turn);
    return enough;
}

#endif
