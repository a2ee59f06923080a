/* Out of the store 出库, repacked 合并拆分, counted 盘点: what moves in the books and the
 * genealogy, to the gram. CUSTODY-18; CUSTODY: Stock and mass balance. */
#include <stdio.h>

#include "forward_builders.h"
#include "plugin/custody/drain.h"
#include "plugin/custody/lineage.h"
#include "stock_builders.h"

static char *text(struct mx *x)
{
	static const char nothing[400] = "";

	return mx_new(x, nothing, sizeof nothing);
}

/* "C:C1 100000 B:HB1 5 ": neighbours of a node. */
static int write_node(void *ctx, const struct ld_node *n, int64_t mass_g, uint64_t index)
{
	char *out = ctx;
	size_t len = strlen(out);

	(void)index;
	snprintf(out + len, 400 - len, "%c:%s %lld ", (char)n->kind,
		 n->kind == LD_NODE_MANIFEST ? "m" : n->id, (long long)mass_g);
	return 0;
}

static const char *up(struct mx *x, struct ld_node n)
{
	char *out = text(x);

	assert_int_equal(ld_lineage_up(&x->c, &n, write_node, out), LD_OK);
	return out;
}

static const char *down(struct mx *x, struct ld_node n)
{
	char *out = text(x);

	assert_int_equal(ld_lineage_down(&x->c, &n, write_node, out), LD_OK);
	return out;
}

/* What the containers of a stock hold is what its book says they do. */
static void contained(struct mx *x, const char *site, const char *code, int64_t in_stock_g,
		      int64_t contained_g)
{
	Custody__Stock *s = mx_stock(x, site[2] == 'G' ? "GEN" : "REC", site, code);

	assert_int_equal(s->in_stock_g, in_stock_g);
	assert_int_equal(s->contained_g, contained_g);
}

/* ---- 出库 ---- */

static void releasing_annotates(void **state)
{
	struct mx *x = *state;
	Liandan__ContainerReleased *b = mx_release(x, "CK1", "S-GEN");
	Custody__Batch *batch;

	mx_fill(x);
	mx_release_item(x, b, "C1", MX_C1_G);
	mx_clean(x, mx_put_release(x, GEN, b));
	assert_string_equal(mx_container(x, "C1")->released, "CK1");
	contained(x, "S-GEN", MX_CODE, MX_C1_G + MX_C2_G, MX_C1_G + MX_C2_G);
	assert_int_equal(ld_batch_get(&x->c, "GEN", "CK1", &batch), LD_OK);
	assert_int_equal(batch->mass_g, MX_C1_G);
	assert_string_equal(up(x, ld_node_batch("GEN", "CK1")), "C:C1 100000 ");
	assert_string_equal(up(x, ld_node_container("C1")), "B:B1 100000 ");
}

static void released_by_a_manifest(void **state)
{
	struct mx *x = *state;
	Liandan__ContainerReleased *b = mx_release(x, "CK1", "S-GEN");

	mx_release_item(x, b, "C1", MX_C1_G);
	mx_release_item(x, b, "", MX_BULK_G);
	b->manifest = mx_id(x);
	mx_held(x, mx_put_release(x, GEN, b)); /* it is not sealed yet */
	mx_to_sealed(x);
	assert_non_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_HELD_APPLIED));
	assert_string_equal(mx_container(x, "C1")->released, "CK1");
	assert_string_equal(up(x, ld_node_manifest(mx_id(x))), "B:CK1 500003 ");
	mx_refused(x, mx_put_release(x, REC, b), WRONG_ROLE);
	b->batch = MX_S("CK2");
	mx_site(x, "S-GEN", "REC", LIANDAN__SITE_KIND__SITE_KIND_STORAGE, 1, 1);
	mx_refused(x, mx_put_release(x, REC, b), WRONG_ROLE); /* another's manifest */
}

/* A release that comes late finds its drum on the road, or accepted. */
static void released_late(void **state)
{
	struct mx *x = *state;
	Liandan__ContainerReleased *b = mx_release(x, "CK1", "S-GEN");

	mx_release_item(x, b, "C1", MX_C1_G);
	b->manifest = mx_id(x);
	mx_to_taken(x);
	mx_clean(x, mx_put_release(x, GEN, b));
	assert_string_equal(mx_container(x, "C1")->released, "");
	mx_release_item(x, b, "C7", 1);
	b->batch = MX_S("CK2");
	mx_flagged(x, mx_put_release(x, GEN, b), UNKNOWN_CONTAINER);
	b->n_items = 1;
	b->items[0]->mass_g++;
	b->batch = MX_S("CK3");
	mx_flagged(x, mx_put_release(x, GEN, b), QUANTITY);
}

/* Whose waste has gone on takes no more sources: there is no way round in the genealogy. */
static void genealogy_has_no_cycles(void **state)
{
	struct mx *x = *state;
	Liandan__ContainerReleased *b = mx_release(x, "CK1", "S-GEN");
	const struct ld_node m = ld_node_manifest(mx_id(x)), other = ld_node_container("C9");

	mx_to_accepted(x);
	assert_int_equal(ld_lineage_add(&x->c, &m, &other, 5, 1), LD_OK);
	b->manifest = mx_id(x);
	mx_release_item(x, b, "", MX_BULK_G);
	mx_clean(x, mx_put_release(x, GEN, b));
	assert_string_equal(up(x, m), "C:C1 100000 C:C2 150001 "); /* as loaded */
}

/* ---- 合并、拆分、换包装 ---- */

static void merging_and_splitting(void **state)
{
	struct mx *x = *state;
	Liandan__StockRepacked *b = mx_repack(x, "HB1", "S-GEN");
	Custody__Batch *batch;

	mx_fill(x);
	mx_repack_in(x, b, "C1", "", MX_C1_G);
	mx_repack_in(x, b, "C2", "", 50000); /* a part of it */
	mx_repack_out(x, b, "D1", MX_CODE, 100000);
	mx_repack_out(x, b, "D2", MX_CODE, 49990);
	b->loss_g = 10;
	mx_clean(x, mx_put_repack(x, GEN, b));
	assert_int_equal(mx_container(x, "C1")->state, CUSTODY__CONTAINER_STATE__REPACKED);
	assert_int_equal(mx_container(x, "C1")->mass_g, 0);
	assert_int_equal(mx_container(x, "C2")->mass_g, MX_C2_G - 50000);
	assert_string_equal(mx_container(x, "D1")->generator, "GEN");
	contained(x, "S-GEN", MX_CODE, MX_C1_G + MX_C2_G - 10, MX_C1_G + MX_C2_G - 10);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->lost_g, 10);
	assert_int_equal(ld_batch_get(&x->c, "GEN", "HB1", &batch), LD_OK);
	assert_int_equal(batch->difference_g, 0);
	assert_int_equal(batch->loss_g, 10);
	assert_string_equal(up(x, ld_node_batch("GEN", "HB1")), "C:C1 100000 C:C2 50000 ");
	assert_string_equal(down(x, ld_node_batch("GEN", "HB1")), "C:D1 100000 C:D2 49990 ");
	/* what went in whole is gone */
	b = mx_repack(x, "HB2", "S-GEN");
	mx_repack_in(x, b, "C1", "", 1);
	mx_repack_out(x, b, "D3", MX_CODE, 1);
	mx_flagged(x, mx_put_repack(x, GEN, b), CONTAINER_ELSEWHERE);
}

/* What one code gains another loses; in sum the loss is lost. */
static void another_code_comes_out(void **state)
{
	struct mx *x = *state;
	Liandan__StockRepacked *b = mx_repack(x, "HB1", "S-GEN");

	mx_fill(x);
	mx_repack_in(x, b, "C1", "", MX_C1_G);
	mx_repack_in(x, b, "", MX_BULK, 3);
	mx_repack_out(x, b, "D1", MX_BULK, MX_C1_G);
	b->loss_g = 3;
	mx_clean(x, mx_put_repack(x, GEN, b));
	contained(x, "S-GEN", MX_CODE, MX_C2_G, MX_C2_G);
	contained(x, "S-GEN", MX_BULK, MX_BULK_G + MX_C1_G - 3, MX_C1_G);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->lost_g, MX_C1_G);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->lost_g, 3 - MX_C1_G);
}

static void repacking_what_does_not_add_up(void **state)
{
	struct mx *x = *state;
	Liandan__StockRepacked *b = mx_repack(x, "HB1", "S-GEN");
	Custody__Batch *batch;

	mx_fill(x);
	mx_repack_in(x, b, "C1", "", MX_C1_G);
	mx_repack_out(x, b, "D1", MX_CODE, MX_C1_G - 7);
	b->loss_g = 2;
	mx_flagged(x, mx_put_repack(x, GEN, b), NOT_ADDING);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->lost_g, 7);
	assert_int_equal(ld_batch_get(&x->c, "GEN", "HB1", &batch), LD_OK);
	assert_int_equal(batch->difference_g, 5);
}

static void containers_that_cannot_be(void **state)
{
	struct mx *x = *state;
	Liandan__StockRepacked *b = mx_repack(x, "HB1", "S-GEN");

	mx_to_sealed(x);
	mx_repack_in(x, b, "C1", "", MX_C1_G);
	mx_repack_out(x, b, "D1", MX_CODE, MX_C1_G - 5);
	mx_repack_out(x, b, "D1", MX_CODE, 5);
	mx_refused(x, mx_put_repack(x, GEN, b), ALREADY_EXISTS);
	b->outputs[1]->container = MX_S("C9"); /* goes in, though it is not there */
	mx_repack_in(x, b, "C9", "", 1);
	mx_refused(x, mx_put_repack(x, GEN, b), ALREADY_EXISTS);
	b->n_inputs = 1;
	b->outputs[1]->container = MX_S("D2");
	mx_flagged(x, mx_put_repack(x, GEN, b), CONTAINER_ELSEWHERE); /* bound */
	assert_int_equal(mx_container(x, "C1")->mass_g, MX_C1_G);
}

/* ---- at the receiver: whose waste it is goes along ---- */

static void treat(struct mx *x, const char *batch, const char *container, int64_t mass_g)
{
	Liandan__WasteTreated *b = MX_NEW(x, Liandan__WasteTreated, LIANDAN__WASTE_TREATED__INIT);
	MX_EVENT(e, WASTE_TREATED, b);

	b->batch = MX_S(batch);
	b->site = MX_S("S-REC");
	b->mode = MX_S(MX_MODE);
	b->inputs = ld_arena_alloc(&x->build, sizeof *b->inputs);
	b->inputs[0] = MX_NEW(x, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);
	b->inputs[0]->container = MX_S(container);
	if (container[0] == '\0')
		b->inputs[0]->manifest = mx_id(x);
	b->inputs[0]->mass_g = mass_g;
	b->n_inputs = 1;
	b->loss_g = mass_g;
	mx_clean(x, mx_put(x, REC, &e));
}

/* Drums into one drum, the heap into another: its manifest's clock ends with their treatment. */
static void clocks_follow_what_is_repacked(void **state)
{
	struct mx *x = *state;
	Liandan__StockRepacked *b = mx_repack(x, "HB1", "S-REC");

	mx_to_accepted(x);
	mx_repack_in(x, b, "C1", "", MX_C1_G);
	mx_repack_in(x, b, "C2", "", MX_C2_G);
	mx_repack_out(x, b, "D1", MX_CODE, MX_C1_G + MX_C2_G);
	mx_clean(x, mx_put_repack(x, REC, b));
	assert_true(ld_same_id(mx_container(x, "D1")->came_by, mx_id(x)));
	assert_int_equal(mx_container(x, "D1")->state,
			 CUSTODY__CONTAINER_STATE__STORED_AT_FACILITY);
	assert_string_equal(mx_container(x, "D1")->generator, "GEN");
	b = mx_repack(x, "HB2", "S-REC");
	mx_repack_in(x, b, "", "", MX_BULK_G)->manifest = mx_id(x);
	mx_repack_out(x, b, "D2", MX_BULK, MX_BULK_G - 3);
	b->loss_g = 3;
	mx_clean(x, mx_put_repack(x, REC, b));
	assert_int_equal(mx_manifest(x)->gone_g, 3);
	assert_int_equal(mx_manifest(x)->bulk_treated_g, MX_BULK_G);
	assert_true(ld_same_id(mx_container(x, "D2")->came_by, mx_id(x)));
	assert_string_equal(up(x, ld_node_batch("REC", "HB2")), "M:m 500003 ");
	contained(x, "S-REC", MX_BULK, MX_BULK_G - 3, MX_BULK_G - 3);
	treat(x, "T1", "D1", MX_C1_G + MX_C2_G);
	treat(x, "T2", "D2", 7);
	assert_true(MX_DUE(x, TREATMENT) != 0);
	treat(x, "T3", "D2", MX_BULK_G - 10);
	assert_int_equal(mx_manifest(x)->treated_g + mx_manifest(x)->gone_g,
			 MX_C1_G + MX_C2_G + MX_BULK_G);
	assert_int_equal(MX_DUE(x, TREATMENT), 0);
	contained(x, "S-REC", MX_BULK, 0, 0);
	contained(x, "S-REC", MX_CODE, 0, 0);
}

/* Drums emptied into the heap: the manifest may be treated from it. */
static void unpacked_into_bulk(void **state)
{
	struct mx *x = *state;
	Liandan__StockRepacked *b = mx_repack(x, "HB1", "S-REC");

	mx_to_accepted(x);
	mx_repack_in(x, b, "C1", "", MX_C1_G);
	mx_repack_in(x, b, "C2", "", MX_C2_G);
	mx_repack_out(x, b, "", MX_CODE, MX_C1_G + MX_C2_G);
	mx_clean(x, mx_put_repack(x, REC, b));
	contained(x, "S-REC", MX_CODE, MX_C1_G + MX_C2_G, 0);
	treat(x, "T1", "", MX_BULK_G + MX_C1_G);
	contained(x, "S-REC", MX_BULK, 0, 0);
	contained(x, "S-REC", MX_CODE, MX_C2_G, 0);
	treat(x, "T2", "", MX_C2_G);
	contained(x, "S-REC", MX_CODE, 0, 0);
	assert_int_equal(MX_DUE(x, TREATMENT), 0);
}

/* Origins of a container as "11:40 22:60 ". */
static const char *origins(struct mx *x, const char *id)
{
	const Custody__Container *k = mx_container(x, id);
	char *out = text(x);
	size_t n = 0;

	for (size_t i = 0; i < k->n_origins; i++)
		n += (size_t)snprintf(out + n, 400 - n, "%02x:%lld ",
				      k->origins[i]->manifest.data[0],
				      (long long)k->origins[i]->mass_g);
	return out;
}

static void two_manifests_in_one_drum(void **state)
{
	struct mx *x = *state;
	Liandan__StockRepacked *b = mx_repack(x, "HB1", "S-REC");
	Custody__Container *k;

	mx_to_accepted(x);
	k = mx_container(x, "C2"); /* as if it had come by another one */
	k->came_by =
	    mx_bytes("\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22", 16);
	assert_int_equal(ld_container_put(&x->c, k), LD_OK);
	mx_repack_in(x, b, "C1", "", MX_C1_G);
	mx_repack_in(x, b, "C2", "", MX_C2_G);
	mx_repack_out(x, b, "D1", MX_CODE, 125000);
	mx_repack_out(x, b, "D2", MX_CODE, 125001);
	mx_clean(x, mx_put_repack(x, REC, b));
	assert_string_equal(origins(x, "D1"), "11:49999 22:75000 ");
	assert_string_equal(origins(x, "D2"), "11:50001 22:75001 ");
	treat(x, "T1", "D1", 62500);
	assert_string_equal(origins(x, "D1"), "11:25000 22:37500 ");
	assert_int_equal(mx_manifest(x)->treated_g, 24999);
	treat(x, "T2", "D1", 62500);
	treat(x, "T3", "D2", 125001);
	assert_int_equal(mx_manifest(x)->treated_g, MX_C1_G); /* to the gram */
}

/* A leak at the receiver ends its part of the clock. */
static void lost_at_the_receiver(void **state)
{
	struct mx *x = *state;
	Liandan__LossRecorded *b = MX_NEW(x, Liandan__LossRecorded, LIANDAN__LOSS_RECORDED__INIT);
	MX_EVENT(e, LOSS_RECORDED, b);

	mx_to_accepted(x);
	b->subject_kind = LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER;
	b->subject = MX_S("C1");
	b->mass_g = MX_C1_G;
	b->cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_SPILL;
	mx_clean(x, mx_put(x, REC, &e));
	assert_int_equal(mx_manifest(x)->gone_g, MX_C1_G);
	treat(x, "T1", "C2", MX_C2_G);
	treat(x, "T2", "", MX_BULK_G);
	assert_int_equal(MX_DUE(x, TREATMENT), 0);
}

/* One drum of a load has left on another manifest: what is accepted of it is bulk, and treated as
 * its manifest's. */
static void accepted_of_a_drum_that_left(void **state)
{
	struct mx *x = *state;
	Custody__Container *k;

	mx_to_received(x);
	k = mx_container(x, "C1");
	k->manifest =
	    mx_bytes("\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22", 16);
	assert_int_equal(ld_container_put(&x->c, k), LD_OK);
	mx_accepted(x, mx_accept(x, REC, mx_accepted_body(x)));
	contained(x, "S-REC", MX_CODE, MX_C1_G + MX_C2_G, MX_C2_G);
	treat(x, "T1", "C2", MX_C2_G);
	treat(x, "T2", "", MX_BULK_G + MX_C1_G);
	contained(x, "S-REC", MX_CODE, 0, 0);
	contained(x, "S-REC", MX_BULK, 0, 0);
	assert_int_equal(MX_DUE(x, TREATMENT), 0);
}

/* A merged drum goes on only with shares of every manifest that its waste came by. */
static void merged_drums_are_sent_on_with_shares(void **state)
{
	struct mx *x = *state;
	Liandan__StockRepacked *b = mx_repack(x, "HB1", "S-REC");
	Liandan__ManifestSealed *seal = mx_sealed(x);
	Liandan__ManifestCreated *draft;
	ProtobufCBinaryData parent;
	Custody__Container *k;

	parent = fw_to_accepted(x);
	k = mx_container(x, "C2");
	k->came_by =
	    mx_bytes("\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22\x22", 16);
	assert_int_equal(ld_container_put(&x->c, k), LD_OK);
	mx_repack_in(x, b, "C1", "", MX_C1_G);
	mx_repack_in(x, b, "C2", "", MX_C2_G);
	mx_repack_out(x, b, "D1", MX_CODE, MX_C1_G + MX_C2_G);
	mx_clean(x, mx_put_repack(x, REC, b));
	draft = fw_to_rec2(x);
	draft->lines[0] = mx_line(x, 1, MX_CODE, MX_C1_G + MX_C2_G);
	draft->n_lines = 1;
	fw_share(x, draft, parent, 1, MX_C1_G);
	seal->items[0] = mx_item(x, "D1", 1, MX_C1_G + MX_C2_G);
	seal->n_items = 1;
	mx_clean(x, fw_create(x, draft));
	mx_hash_content(x, draft, seal);
	mx_refused(x, mx_seal_as(x, RECG, seal), NOT_ADDING);
	assert_string_equal(x->j.refused_by->name, "came_shared");
	/* all of it from the one that is named */
	k = mx_container(x, "D1");
	k->n_origins = 1;
	assert_int_equal(ld_container_put(&x->c, k), LD_OK);
	mx_clean(x, mx_seal_as(x, RECG, seal));
	assert_int_equal(mx_manifest(x)->shares[0]->contained_g, MX_C1_G);
	mx_clean(x, fw_take(x));
	assert_int_equal(mx_container(x, "D1")->n_origins, 0);
}

static void merging_generators_as_the_profile_says(void **state)
{
	struct mx *x = *state;
	struct ld_rules rules = ld_rules_cn;
	Liandan__StockRepacked *b = mx_repack(x, "HB1", "S-GEN");
	Custody__Container *k;

	mx_fill(x);
	k = mx_container(x, "C2");
	k->generator = MX_S("GEN2");
	assert_int_equal(ld_container_put(&x->c, k), LD_OK);
	mx_repack_in(x, b, "C1", "", 10);
	mx_repack_in(x, b, "C2", "", 10);
	mx_repack_out(x, b, "D1", MX_CODE, 20);
	mx_flagged(x, mx_put_repack(x, GEN, b), ORIGINS_MERGED);
	assert_string_equal(mx_container(x, "D1")->generator, "GEN"); /* who merged it */
	rules.merge_origins = 1;
	x->c.rules = &rules;
	x->c.rules_until_ms = INT64_MAX;
	b->batch = MX_S("HB2");
	b->outputs[0]->container = MX_S("D2");
	mx_clean(x, mx_put_repack(x, GEN, b));
}

static bool clash(const char *a, uint32_t la, const char *b, uint32_t lb)
{
	const struct ld_waste x = {a, la}, y = {b, lb};

	assert_int_equal(ld_wastes_clash(&x, &y), ld_wastes_clash(&y, &x));
	return ld_wastes_clash(&x, &y);
}

static void letters_that_clash(void **state)
{
	const uint32_t t = LIANDAN__HAZARD__HAZARD_T, in = LIANDAN__HAZARD__HAZARD_IN;

	(void)state;
	assert_true(clash("900-028-33", 0, "900-300-34", 0));  /* cyanide and acid */
	assert_true(clash("900-028-33", 0, "900-249-08", 0));  /* cyanide and oil */
	assert_false(clash("900-404-06", 0, "900-249-08", 0)); /* solvent and oil */
	assert_true(clash("900-404-06", 0, "900-300-34", 0));  /* solvent and acid */
	assert_false(clash("900-404-06", 0, "900-402-06", 0)); /* solvents */
	assert_false(clash("900-028-33", 0, "900-028-33", 0)); /* the same */
	assert_true(clash("841-001-01", 0, "900-249-08", 0));  /* clinical */
	assert_false(clash("841-001-01", 0, "841-004-01", 0)); /* both clinical */
	assert_true(clash("841-001-01", 0, "900-001-S17", 0)); /* and general waste */
	/* T/In as the catalogue prints it says nothing; In alone does */
	assert_false(clash(MX_CODE, t | in, "900-249-08", 0));
	assert_false(clash(MX_CODE, 0, "900-249-08", 0));
	assert_true(clash(MX_CODE, in, "900-249-08", 0));
	assert_false(clash("123-456-78", 0, "900-249-08", 0));
}

/* ---- 盘点 ---- */

static Liandan__AnomalyRaised *imbalance(struct mx *x)
{
	for (size_t i = 0; i < x->n_own; i++) {
		Liandan__AnomalyRaised **a = ld_anomaly_of_own(x->own[i]);

		if (a != NULL && (*a)->kind == LIANDAN__ANOMALY_KIND__STOCK_IMBALANCE)
			return *a;
	}
	return NULL;
}

static void counting_books_the_difference(void **state)
{
	struct mx *x = *state;
	Custody__Stock *s;

	mx_fill(x);
	mx_clean(x, mx_put_count(x, GEN, mx_counted(x, "S-GEN", MX_BULK, MX_BULK_G - 1000)));
	assert_null(imbalance(x));
	s = mx_stock(x, "GEN", "S-GEN", MX_BULK);
	assert_int_equal(s->in_stock_g, MX_BULK_G - 1000);
	assert_int_equal(s->lost_g, 1000);
	assert_int_equal(s->count->off_g, 1000);
	mx_clean(x, mx_put_count(x, GEN, mx_counted(x, "S-GEN", MX_BULK, MX_BULK_G)));
	s = mx_stock(x, "GEN", "S-GEN", MX_BULK);
	assert_int_equal(s->lost_g, 0); /* it was there after all */
	assert_int_equal(s->count->off_g, -1000);
	mx_refused(x, mx_put_count(x, GEN2, mx_counted(x, "S-GEN", MX_BULK, 0)), WRONG_ROLE);
	/* what is not on the books at all */
	mx_clean(x, mx_put_count(x, GEN, mx_counted(x, "S-GENB", MX_BULK, 4)));
	assert_int_equal(mx_stock(x, "GEN", "S-GENB", MX_BULK)->lost_g, -4);
}

/* Negative book stock blocks new seals there until it is counted. */
static void counting_lifts_the_block(void **state)
{
	struct mx *x = *state;
	Custody__Stock *s;
	Liandan__ManifestCreated *draft;

	mx_fill(x);
	draft = mx_to_draft(x);
	s = mx_stock(x, "GEN", "S-GEN", MX_BULK);
	s->lost_g = MX_BULK_G + 1;
	s->in_stock_g = -1;
	assert_int_equal(ld_stock_put(&x->c, s), LD_OK);
	mx_refused(x, mx_seal(x, draft, mx_sealed(x)), QUANTITY);
	mx_clean(x, mx_put_count(x, GEN, mx_counted(x, "S-GEN", MX_BULK, MX_BULK_G)));
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->in_stock_g, MX_BULK_G);
	mx_clean(x, mx_seal(x, draft, mx_sealed(x)));
}

/* 5C M10: 1 % of the throughput, at least 50 kg; 3 t is level 4. */
static void counting_raises_an_imbalance(void **state)
{
	struct mx *x = *state;
	const int64_t allowed = x->c.rules->balance_min_g, level4 = x->c.rules->balance_level4_g;
	Liandan__AnomalyRaised *a;
	int64_t there = 20000000;

	mx_generate(x, "B1", "", MX_BULK, there);
	there -= 200000; /* 1 % of 20 t */
	mx_clean(x, mx_put_count(x, GEN, mx_counted(x, "S-GEN", MX_BULK, there)));
	assert_null(imbalance(x));
	x->now += 31 * LD_DAY_MS;
	there -= allowed; /* nothing has moved since */
	mx_clean(x, mx_put_count(x, GEN, mx_counted(x, "S-GEN", MX_BULK, there)));
	assert_null(imbalance(x));
	x->now += 31 * LD_DAY_MS;
	there -= allowed + 1;
	mx_clean(x, mx_put_count(x, GEN, mx_counted(x, "S-GEN", MX_BULK, there)));
	a = imbalance(x);
	assert_non_null(a);
	assert_int_equal(a->level, 2);
	assert_string_equal(a->subject, "S-GEN");
	assert_string_equal(a->code, MX_BULK);
	assert_int_equal(a->figures[0]->value, allowed + 1);
	assert_int_equal(a->figures[0]->threshold, allowed);
	x->now += 31 * LD_DAY_MS;
	there += level4; /* a gain is as bad */
	mx_clean(x, mx_put_count(x, GEN, mx_counted(x, "S-GEN", MX_BULK, there)));
	assert_non_null(imbalance(x));
	assert_int_equal(imbalance(x)->level, 4);
	/* another waste of the site is another anomaly */
	mx_clean(x, mx_put_count(x, GEN, mx_counted(x, "S-GEN", MX_CODE, allowed + 1)));
	a = imbalance(x);
	assert_non_null(a);
	assert_int_equal(a->level, 2);
}

/* What the scales may err is allowed where it is more. */
static void counted_on_a_coarse_scale(void **state)
{
	struct mx *x = *state;
	Liandan__StockCounted *b = mx_counted(x, "S-GEN", MX_BULK, MX_BULK_G - 60000);
	ProtobufCBinaryData tickets[3];

	mx_fill(x);
	for (size_t i = 0; i < 3; i++) /* 20 kg each */
		mx_ticket(x, (uint8_t)(0x41 + i), LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_CHECK, 1,
			  &tickets[i]);
	b->tickets = tickets;
	b->n_tickets = 3;
	mx_clean(x, mx_put_count(x, GEN, b));
	assert_null(imbalance(x));
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_BULK)->count->since->errors_g, 60000);
	x->now += 31 * LD_DAY_MS;
	b->counted_g -= 60000;
	b->n_tickets = 2;
	mx_clean(x, mx_put_count(x, GEN, b));
	assert_non_null(imbalance(x));
	assert_int_equal(imbalance(x)->figures[0]->threshold, x->c.rules->balance_min_g);
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(releasing_annotates),
	    T(released_by_a_manifest),
	    T(released_late),
	    T(genealogy_has_no_cycles),
	    T(merging_and_splitting),
	    T(another_code_comes_out),
	    T(repacking_what_does_not_add_up),
	    T(containers_that_cannot_be),
	    T(clocks_follow_what_is_repacked),
	    T(unpacked_into_bulk),
	    T(two_manifests_in_one_drum),
	    T(lost_at_the_receiver),
	    T(accepted_of_a_drum_that_left),
	    T(merged_drums_are_sent_on_with_shares),
	    T(merging_generators_as_the_profile_says),
	    cmocka_unit_test(letters_that_clash),
	    T(counting_books_the_difference),
	    T(counting_lifts_the_block),
	    T(counting_raises_an_imbalance),
	    T(counted_on_a_coarse_scale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
