/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blist against a list of bytes: the same blocks, the same counts, at every step.
 */
#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm/blist.h"

#define STEPS_A_SIZE 9000 /* times the sizes below: more than 10^5 */

static const int sizes[] = {1, 2, 31, 32, 33, 511, 512, 513, 1000, 8192, 8193, 20011};
#define NSIZES ((int)(sizeof(sizes) / sizeof(sizes[0])))

/* xorshift: the same steps everywhere. */
static uint64_t state;

static uint32_t
below(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return ((uint32_t)(state >> 32) % n);
}

/* The model: one byte a block, 1 = free. */
struct model {
	uint8_t *is_free;
	int blocks;
	int nfree;
};

static swblk_t
model_alloc(struct model *m, int count)
{
	for (int leaf = 0; leaf < m->blocks; leaf += BLIST_BMAP_RADIX) {
		int run = 0;

		for (int i = leaf; i < leaf + BLIST_BMAP_RADIX && i < m->blocks; i++) {
			run = m->is_free[i] ? run + 1 : 0;
			if (run == count) {
				memset(m->is_free + i - count + 1, 0, (size_t)count);
				m->nfree -= count;
				return (i - count + 1);
			}
		}
	}
	return (SWAPBLK_NONE);
}

/* Sets a range; returns how many blocks changed. */
static int
model_set(struct model *m, int at, int count, uint8_t is_free)
{
	int changed = 0;

	for (int i = at; i < at + count; i++) {
		changed += m->is_free[i] != is_free;
		m->is_free[i] = is_free;
	}
	m->nfree += is_free ? changed : -changed;
	return (changed);
}

/* A run of taken blocks around a random place, as long as it pleases; 0: none there. */
static int
taken_run(const struct model *m, int *at)
{
	int i = (int)below((uint32_t)m->blocks), max = 1 + (int)below(below(8) == 0 ? 600 : 40), n = 0;

	while (i > 0 && !m->is_free[i - 1] && below(4) != 0)
		i--;
	while (i + n < m->blocks && n < max && !m->is_free[i + n])
		n++;
	*at = i;
	return (n);
}

static void
compare_all(const struct blist *bl, const struct model *m)
{
	ck_assert_int_eq(blist_check(bl), m->nfree);
	for (int i = 0; i < m->blocks; i++) {
		if (blist_isfree(bl, i) != (m->is_free[i] != 0))
			ck_abort_msg("block %d: the model says %s", i, m->is_free[i] ? "free" : "taken");
	}
}

static void
one_step(struct blist *bl, struct model *m)
{
	int at, n, what = (int)below(100);
	swblk_t got;

	if (what < 50) {
		n = 1 + (int)below(BLIST_MAX_ALLOC);
		got = blist_alloc(bl, n);
		ck_assert_int_eq(got, model_alloc(m, n));
	} else if (what < 95) {
		n = taken_run(m, &at);
		blist_free(bl, at, n);
		ck_assert_int_eq(model_set(m, at, n, 1), n);
	} else {
		at = (int)below((uint32_t)m->blocks);
		n = (int)below((uint32_t)(m->blocks - at) + 1);
		n = n > 200 ? 200 : n;
		got = blist_fill(bl, at, n);
		ck_assert_int_eq(got, model_set(m, at, n, 0));
	}
	ck_assert_int_eq(bl->bl_free, m->nfree);
}

START_TEST(blist_equals_the_list_of_bytes)
{
	struct model m = {.blocks = sizes[_i]};
	struct blist bl;
	size_t bytes = blist_bytes(m.blocks);
	uint8_t *mem = malloc(bytes + 64);

	state = 0x9e3779b97f4a7c15u + (uint64_t)_i;
	m.is_free = calloc((size_t)m.blocks, 1);
	ck_assert_ptr_nonnull(mem);
	ck_assert_ptr_nonnull(m.is_free);
	memset(mem, 0xa5, bytes + 64);
	blist_init(&bl, m.blocks, mem);
	compare_all(&bl, &m);
	blist_free(&bl, 0, m.blocks);
	model_set(&m, 0, m.blocks, 1);
	compare_all(&bl, &m);
	for (int i = 0; i < STEPS_A_SIZE; i++) {
		one_step(&bl, &m);
		if (i % 500 == 0)
			compare_all(&bl, &m);
	}
	compare_all(&bl, &m);
	for (int i = 0; i < 64; i++)
		ck_assert_uint_eq(mem[bytes + (size_t)i], 0xa5); /* it kept to its memory */
	free(mem);
	free(m.is_free);
}
END_TEST

/* The check itself must see what is wrong. */
START_TEST(blist_check_sees_a_wrong_hint)
{
	struct blist bl;
	void *mem = malloc(blist_bytes(2000));

	blist_init(&bl, 2000, mem);
	blist_free(&bl, 0, 2000);
	ck_assert_int_eq(blist_check(&bl), 2000);
	bl.bl_node[0].bm_bighint = 3;
	ck_assert_int_eq(blist_check(&bl), -1);
	bl.bl_node[0].bm_bighint = BLIST_MAX_ALLOC;
	bl.bl_free--;
	ck_assert_int_eq(blist_check(&bl), -1);
	free(mem);
}
END_TEST

/* A list that is fragmented refuses what does not fit and gives what does. */
START_TEST(blist_runs_stay_in_a_leaf)
{
	struct blist bl;
	void *mem = malloc(blist_bytes(96));

	blist_init(&bl, 96, mem);
	blist_free(&bl, 20, 24); /* 12 in leaf 0, 12 in leaf 1 */
	ck_assert_int_eq(blist_alloc(&bl, 13), SWAPBLK_NONE);
	ck_assert_int_eq(blist_alloc(&bl, 12), 20);
	ck_assert_int_eq(blist_alloc(&bl, 12), 32);
	ck_assert_int_eq(blist_alloc(&bl, 1), SWAPBLK_NONE);
	blist_free(&bl, 64, 32);
	ck_assert_int_eq(blist_alloc(&bl, 32), 64);
	ck_assert_int_eq(blist_check(&bl), 0);
	free(mem);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("corpus_blist");
	TCase *tc = tcase_create("blist");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, blist_equals_the_list_of_bytes, 0, NSIZES);
	tcase_add_test(tc, blist_check_sees_a_wrong_hint);
	tcase_add_test(tc, blist_runs_stay_in_a_leaf);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return (failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
