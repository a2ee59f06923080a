/* The walk up and down the genealogy: bounded in depth and count, each node followed once, and a
 * cycle, which the rules do not make, ends. */
#include "manifest_builders.h"

#include <stdio.h>

#include "deploy/cli/genealogy.h"

static struct ld_node box(int i)
{
	char id[24];

	snprintf(id, sizeof id, "box-%05d", i);
	return ld_node_container(id);
}

static void edge(struct mx *x, struct ld_node from, struct ld_node to, int64_t mass_g)
{
	ld_arena_reset(x->c.arena);
	assert_int_equal(ld_lineage_add(&x->c, &from, &to, mass_g, ++x->index), LD_OK);
}

static struct ld_genealogy family(struct mx *x, struct ld_node start, unsigned depth, size_t count)
{
	struct ld_genealogy g = {.start = start, .depth = depth, .count = count};

	ld_arena_reset(x->c.arena);
	assert_int_equal(ld_genealogy_family(&x->c, &g), LD_OK);
	return g;
}

static void is(const struct ld_kin *k, struct ld_node node, unsigned depth, int64_t mass_g)
{
	assert_int_equal(k->node.kind, node.kind);
	assert_string_equal(k->node.party, node.party);
	assert_string_equal(k->node.id, node.id);
	assert_int_equal(k->depth, depth);
	assert_int_equal(k->mass_g, mass_g);
}

/* batch -> drum -> manifest; drum -> batch of a treatment -> ash */
static void up_and_down_from_the_middle(void **state)
{
	struct mx *x = *state;
	const struct ld_node made = ld_node_batch("GEN", "B1"), ash = box(2);
	const struct ld_node load = ld_node_manifest(mx_id(x)), burnt = ld_node_batch("REC", "T1");
	struct ld_genealogy g;

	edge(x, made, box(1), 100);
	edge(x, box(1), load, 100);
	edge(x, box(1), burnt, 90);
	edge(x, burnt, ash, 10);
	edge(x, load, ld_node_batch("REC", "T2"), 50); /* of the bulk beside the drum */
	g = family(x, box(1), 16, 100);
	assert_int_equal(g.up.n, 1);
	is(&g.up.of[0], made, 1, 100);
	assert_int_equal(g.down.n, 3); /* nothing of the bulk that was on the same manifest */
	is(&g.down.of[0], burnt, 1, 90);
	is(&g.down.of[1], ash, 2, 10);
	is(&g.down.of[2], load, 1, 100);
	assert_false(g.up.cut || g.down.cut);
	ld_genealogy_free(&g);
	/* from the ash back to the batch, by the drum */
	g = family(x, ash, 16, 100);
	assert_int_equal(g.up.n, 3);
	is(&g.up.of[0], burnt, 1, 10);
	is(&g.up.of[1], box(1), 2, 90);
	is(&g.up.of[2], made, 3, 100);
	ld_genealogy_free(&g);
	/* a treatment of the bulk does not come from the drum */
	g = family(x, ld_node_batch("REC", "T2"), 16, 100);
	assert_int_equal(g.up.n, 1);
	is(&g.up.of[0], load, 1, 50);
	ld_genealogy_free(&g);
	/* where tracing begins with the manifest, what was loaded is told */
	g = family(x, load, 16, 100);
	assert_int_equal(g.up.n, 2);
	is(&g.up.of[0], box(1), 1, 100);
	is(&g.up.of[1], made, 2, 100);
	ld_genealogy_free(&g);
}

static void a_node_is_followed_once(void **state)
{
	struct mx *x = *state;
	struct ld_genealogy g;

	/* two ways from 1 to 4, and one node below it */
	edge(x, box(1), box(2), 1);
	edge(x, box(1), box(3), 2);
	edge(x, box(2), box(4), 3);
	edge(x, box(3), box(4), 4);
	edge(x, box(4), box(5), 5);
	g = family(x, box(1), 16, 100);
	assert_int_equal(g.down.n, 5);
	is(&g.down.of[1], box(4), 2, 3);
	assert_false(g.down.of[1].again);
	is(&g.down.of[2], box(5), 3, 5);
	is(&g.down.of[4], box(4), 2, 4);
	assert_true(g.down.of[4].again);
	ld_genealogy_free(&g);
}

static void a_cycle_ends(void **state)
{
	struct mx *x = *state;
	struct ld_genealogy g;

	edge(x, box(1), box(2), 1);
	edge(x, box(2), box(3), 1);
	edge(x, box(3), box(1), 1);
	edge(x, box(3), box(2), 1);
	g = family(x, box(1), LD_KIN_DEPTH_MAX, LD_KIN_COUNT_MAX);
	assert_int_equal(g.down.n, 4);
	is(&g.down.of[2], box(1), 3, 1);
	assert_true(g.down.of[2].again);
	is(&g.down.of[3], box(2), 3, 1);
	assert_true(g.down.of[3].again);
	assert_false(g.down.cut);
	ld_genealogy_free(&g);
}

static void depth_is_bounded(void **state)
{
	struct mx *x = *state;
	struct ld_genealogy g;

	for (int i = 0; i < 3 * LD_KIN_DEPTH_MAX; i++)
		edge(x, box(i), box(i + 1), 1);
	g = family(x, box(0), LD_KIN_DEPTH_MAX, LD_KIN_COUNT_MAX);
	assert_int_equal(g.down.n, LD_KIN_DEPTH_MAX);
	assert_true(g.down.of[g.down.n - 1].more);
	assert_false(g.down.of[g.down.n - 2].more);
	ld_genealogy_free(&g);
	g = family(x, box(3 * LD_KIN_DEPTH_MAX), 1, LD_KIN_COUNT_MAX);
	assert_int_equal(g.up.n, 1);
	assert_true(g.up.of[0].more);
	assert_int_equal(g.down.n, 0);
	ld_genealogy_free(&g);
	/* the last one has nothing beyond it */
	g = family(x, box(3 * LD_KIN_DEPTH_MAX - 2), 2, LD_KIN_COUNT_MAX);
	assert_int_equal(g.down.n, 2);
	assert_false(g.down.of[1].more);
	ld_genealogy_free(&g);
}

static void count_is_bounded(void **state)
{
	struct mx *x = *state;
	struct ld_genealogy g;

	for (int i = 1; i <= 40; i++) {
		edge(x, box(0), box(i), 1);
		edge(x, box(i), box(100 + i), 1);
	}
	g = family(x, box(0), 16, 80);
	assert_int_equal(g.down.n, 80);
	assert_false(g.down.cut);
	ld_genealogy_free(&g);
	for (size_t most = 1; most < 80; most++) {
		g = family(x, box(0), 16, most);
		assert_int_equal(g.down.n, most);
		assert_true(g.down.cut);
		ld_genealogy_free(&g);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(up_and_down_from_the_middle),
	    T(a_node_is_followed_once),
	    T(a_cycle_ends),
	    T(depth_is_bounded),
	    T(count_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
