/* Forwarding: a receiver sends on what it has accepted, and says where it came from. CUSTODY-1, 2,
 * 6, 18. */
#include <stdio.h>

#include "forward_builders.h"
#include "plugin/custody/forward.h"
#include "plugin/custody/lineage.h"
#include "plugin/custody/table.h"
#include "split_builders.h"

#define ALL_G ((int64_t)MX_C1_G + MX_C2_G + MX_BULK_G)

static Custody__Manifest *parent_of(struct mx *x, ProtobufCBinaryData id)
{
	Custody__Manifest *m;

	assert_int_equal(ld_manifest_get(&x->c, id, &m), LD_OK);
	return m;
}

/* The clock of the parent's treatment. */
static int64_t treatment_due(struct mx *x, ProtobufCBinaryData parent)
{
	uint8_t at_hand[LD_UUID_BYTES];
	int64_t due;

	memcpy(at_hand, x->id, sizeof at_hand);
	memcpy(x->id, parent.data, sizeof x->id);
	due = MX_DUE(x, TREATMENT);
	memcpy(x->id, at_hand, sizeof at_hand);
	return due;
}

static Liandan__Reason treat(struct mx *x, const char *container, ProtobufCBinaryData manifest,
			     int64_t mass_g)
{
	static unsigned nth;
	char batch[16];
	Liandan__WasteTreated *w = MX_NEW(x, Liandan__WasteTreated, LIANDAN__WASTE_TREATED__INIT);
	Liandan__TreatmentInput *in =
	    MX_NEW(x, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);
	MX_EVENT(e, WASTE_TREATED, w);

	snprintf(batch, sizeof batch, "T%u", ++nth);
	in->container = MX_S(container);
	if (container[0] == '\0')
		in->manifest = manifest;
	in->mass_g = mass_g;
	w->batch = ld_arena_dup(&x->build, batch, sizeof batch);
	w->site = MX_S("S-REC");
	w->mode = MX_S(MX_MODE);
	w->inputs = &in;
	w->n_inputs = 1;
	w->loss_g = mass_g;
	return mx_put(x, REC, &e);
}

static void sent_on_whole(void **state)
{
	struct mx *x = *state;
	const ProtobufCBinaryData parent = fw_to_accepted(x);
	Liandan__ManifestCreated *b = fw_created(x, parent);
	Custody__Manifest *m;

	mx_clean(x, fw_create(x, b));
	assert_int_equal(ld_manifest_unshared_g(parent_of(x, parent)), ALL_G);
	mx_clean(x, fw_seal(x, b));
	assert_int_equal(ld_manifest_unshared_g(parent_of(x, parent)), 0);
	assert_int_equal(ld_manifest_left_g(parent_of(x, parent)), ALL_G);
	assert_int_not_equal(treatment_due(x, parent), 0);
	m = mx_manifest(x);
	assert_int_equal(m->n_shares, 2);
	assert_int_equal(m->shares[0]->contained_g, MX_C1_G + MX_C2_G);
	assert_int_equal(m->shares[1]->contained_g, 0);
	assert_string_equal(m->shares[1]->code, MX_BULK);
	mx_clean(x, fw_take(x));
	m = parent_of(x, parent);
	assert_int_equal(ld_manifest_left_g(m), 0);
	assert_int_equal(m->forwarded_g, ALL_G);
	assert_int_equal(ld_line_bulk_gone_g(m, 1), 0);
	assert_int_equal(ld_line_bulk_gone_g(m, 2), MX_BULK_G);
	assert_int_equal(treatment_due(x, parent), 0);
	assert_int_equal(mx_manifest(x)->n_shares, 0);
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_BULK)->in_stock_g, 0);
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_CODE)->shipped_g, MX_C1_G + MX_C2_G);
}

/* What has gone is not here to be treated, by the gram and by the line's code. */
static void what_is_left_is_treated(void **state)
{
	struct mx *x = *state;
	const ProtobufCBinaryData parent = fw_to_accepted(x);
	Liandan__ManifestCreated *b = fw_bulk(x, parent, 300000);

	mx_clean(x, fw_create(x, b));
	mx_clean(x, fw_seal(x, b));
	mx_clean(x, fw_take(x));
	mx_flagged(x, treat(x, "", parent, MX_BULK_G - 300000 + 1), STOCK_NEGATIVE);
	mx_clean(x, treat(x, "C1", parent, MX_C1_G));
	assert_int_not_equal(treatment_due(x, parent), 0);
	mx_clean(x, treat(x, "C2", parent, MX_C2_G));
	assert_int_equal(treatment_due(x, parent), 0);
}

/* Of two lines in bulk the second goes on; what is treated then is the first one's waste. */
static void treated_by_the_code_that_stayed(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *first = mx_created(x), *b;
	Liandan__ManifestSealed *seal = mx_sealed(x);
	ProtobufCBinaryData before;

	mx_generate(x, "B1", "", MX_CODE, MX_C1_G + MX_C2_G);
	mx_generate(x, "B3", "", MX_BULK, MX_BULK_G);
	mx_clean(x, mx_create(x, first));
	seal->items[0] = mx_item(x, "", 1, MX_C1_G + MX_C2_G);
	seal->items[1] = seal->items[2];
	seal->n_items = 2;
	mx_clean(x, mx_seal(x, first, seal));
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	mx_clean(x, mx_accept(x, REC, mx_accepted_body(x)));
	fw_world(x);
	before = fw_next(x, 0x33);
	b = fw_bulk(x, before, MX_BULK_G);
	mx_clean(x, fw_create(x, b));
	mx_clean(x, fw_seal(x, b));
	mx_clean(x, fw_take(x));
	mx_clean(x, treat(x, "", before, MX_C1_G + MX_C2_G));
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_CODE)->in_stock_g, 0);
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_BULK)->treated_g, 0);
	assert_int_equal(treatment_due(x, before), 0);
}

static void given_back(void **state)
{
	struct mx *x = *state;
	const ProtobufCBinaryData parent = fw_to_accepted(x);
	Liandan__ManifestCreated *b = fw_created(x, parent);

	mx_clean(x, fw_create(x, b));
	mx_clean(x, fw_seal(x, b));
	mx_clean(x, mx_cancel(x, RECG));
	assert_int_equal(ld_manifest_unshared_g(parent_of(x, parent)), ALL_G);
	assert_int_equal(ld_line_shared_g(parent_of(x, parent), 2), 0);
	fw_next(x, 0x44);
	b = fw_created(x, parent);
	mx_clean(x, fw_create(x, b));
	mx_clean(x, fw_seal(x, b));
	x->now += 11 * LD_DAY_MS; /* nobody comes */
	mx_tick(x);
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__EXPIRED);
	assert_int_equal(ld_manifest_unshared_g(parent_of(x, parent)), ALL_G);
}

/* A cancelled one that was taken all the same: counted once, and gone. */
static void taken_after_the_cancellation(void **state)
{
	struct mx *x = *state;
	const ProtobufCBinaryData parent = fw_to_accepted(x);
	Liandan__ManifestCreated *b = fw_created(x, parent);
	Liandan__OfferWithdrawn *w =
	    MX_NEW(x, Liandan__OfferWithdrawn, LIANDAN__OFFER_WITHDRAWN__INIT);
	MX_EVENT(e, OFFER_WITHDRAWN, w);

	mx_clean(x, fw_create(x, b));
	mx_clean(x, fw_seal(x, b));
	mx_clean(x, mx_offer(x, RECG, mx_offered(x, 1, "CAR1")));
	w->manifest = mx_id(x);
	w->offer = mx_bytes(x->offer, sizeof x->offer);
	mx_clean(x, mx_put(x, RECG, &e));
	mx_clean(x, mx_cancel(x, RECG));
	assert_int_equal(ld_manifest_unshared_g(parent_of(x, parent)), ALL_G);
	mx_flagged(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")), CANCELLED_BEFORE);
	assert_int_equal(ld_manifest_unshared_g(parent_of(x, parent)), 0);
	assert_int_equal(ld_manifest_left_g(parent_of(x, parent)), 0);
	assert_int_equal(ld_line_shared_g(parent_of(x, parent), 1), MX_C1_G + MX_C2_G);
}

struct found {
	size_t n;
	struct ld_node node;
	int64_t mass_g;
};

static int note(void *ctx, const struct ld_node *n, int64_t mass_g, uint64_t index)
{
	struct found *f = ctx;

	(void)index;
	if (n->kind != LD_NODE_MANIFEST) /* its drums */
		return 0;
	f->n++;
	f->node = *n;
	f->mass_g = mass_g;
	return 0;
}

/* Linked when it leaves, not before. */
static void genealogy(void **state)
{
	struct mx *x = *state;
	const ProtobufCBinaryData parent = fw_to_accepted(x);
	const struct ld_node up = ld_node_manifest(parent), down = ld_node_manifest(mx_id(x));
	Liandan__ManifestCreated *b = fw_created(x, parent);
	struct found found = {0};

	mx_clean(x, fw_create(x, b));
	mx_clean(x, fw_seal(x, b));
	assert_int_equal(ld_lineage_up(&x->c, &down, note, &found), LD_OK);
	assert_int_equal(found.n, 0);
	mx_clean(x, fw_take(x));
	assert_int_equal(ld_lineage_up(&x->c, &down, note, &found), LD_OK);
	assert_int_equal(found.n, 1);
	assert_string_equal(found.node.id, up.id);
	assert_int_equal(found.mass_g, ALL_G);
}

/* Own waste of the same code goes along in the same heap. */
static void mixed_with_own_waste(void **state)
{
	struct mx *x = *state;
	const ProtobufCBinaryData parent = fw_to_accepted(x);
	Liandan__WasteGenerated *w = mx_generated(x, "B9", "", MX_BULK, 1000);
	Liandan__ManifestCreated *b;
	MX_EVENT(e, WASTE_GENERATED, w);

	w->site = MX_S("S-REC");
	mx_clean(x, mx_put(x, RECG, &e));
	b = fw_bulk(x, parent, MX_BULK_G);
	b->lines[0]->quantity->mass_g += 1000;
	mx_clean(x, fw_create(x, b));
	mx_clean(x, fw_seal(x, b));
	mx_clean(x, fw_take(x));
	assert_int_equal(ld_line_shared_g(parent_of(x, parent), 2), MX_BULK_G);
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_BULK)->in_stock_g, 0);
}

/* What a part takes along of the parents is gone with it, and what stays may still come back. */
static void shares_of_a_part(void **state)
{
	struct mx *x = *state;
	struct sp_items s = {.n = 0};
	const ProtobufCBinaryData parent = fw_to_accepted(x);
	Liandan__ManifestCreated *b = fw_created(x, parent);
	Custody__Manifest *m;

	mx_clean(x, fw_create(x, b));
	mx_clean(x, fw_seal(x, b));
	sp_drum(x, &s, "C2", 0);
	sp_bulk(x, &s, 1000);
	mx_clean(x, mx_offer(x, RECG, sp_offered(x, 1, "CAR1", &s)));
	mx_clean(x, mx_take(x, CAR1, sp_taken(x, 1, "V1", SP_CHILD, &s)));
	m = parent_of(x, parent);
	assert_int_equal(m->forwarded_g, MX_C2_G + 1000);
	assert_int_equal(ld_line_bulk_gone_g(m, 2), 1000);
	assert_int_equal(ld_line_bulk_gone_g(m, 1), 0);
	assert_int_equal(ld_manifest_unshared_g(m), 0);
	m = mx_manifest(x);
	assert_int_equal(m->shares[0]->mass_g, MX_C1_G);
	assert_int_equal(m->shares[0]->contained_g, MX_C1_G);
	assert_int_equal(m->shares[1]->mass_g, MX_BULK_G - 1000);
	mx_clean(x, mx_cancel(x, RECG));
	m = parent_of(x, parent);
	assert_int_equal(ld_manifest_unshared_g(m), ALL_G - MX_C2_G - 1000);
	assert_int_equal(ld_manifest_left_g(m), ALL_G - MX_C2_G - 1000);
	assert_int_not_equal(treatment_due(x, parent), 0);
}

/* ---- what is refused ---- */

static void hostile_parents(void **state)
{
	struct mx *x = *state;
	const ProtobufCBinaryData parent = fw_to_accepted(x);
	Liandan__ManifestCreated *b = fw_bulk(x, mx_id(x), 10);

	mx_refused(x, fw_create(x, b), UNKNOWN_MANIFEST); /* its own parent */
	b->n_parents = 0;
	mx_refused(x, fw_create(x, b), UNKNOWN_MANIFEST); /* names none */
	b = fw_bulk(x, parent, 10);
	b->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_NORMAL;
	mx_refused(x, fw_create(x, b), UNKNOWN_MANIFEST);
	b = fw_bulk(x, parent, 10);
	fw_share(x, b, parent, 2, 1);
	mx_refused(x, fw_create(x, b), QUANTITY); /* the same line twice */
	b = fw_bulk(x, parent, 10);
	b->parents[0]->line = 7;
	mx_refused(x, fw_create(x, b), QUANTITY);
	for (size_t i = 0; i < 3; i++) { /* the gate has refused what is beyond */
		static const int64_t bad[] = {0, LD_MAX_MASS_G + 1, (INT64_C(1) << 53) - 1};

		b = fw_bulk(x, parent, 10);
		b->parents[0]->mass_g = bad[i];
		mx_refused(x, fw_create(x, b), QUANTITY);
	}
	b = fw_bulk(x, parent, 10);
	b->site = MX_S("S-REC2"); /* not where it was received */
	mx_refused(x, fw_create(x, b), CONTAINER_ELSEWHERE);
	b = fw_bulk(x, parent, 10);
	b->generator = MX_S("GEN"); /* not by whom */
	b->site = MX_S("S-GEN");
	mx_refused(x, mx_create(x, b), WRONG_ROLE);
	mx_clean(x, fw_create(x, fw_bulk(x, parent, 10)));
}

static void not_accepted_yet(void **state)
{
	struct mx *x = *state;
	ProtobufCBinaryData parent;

	mx_to_received(x);
	fw_world(x);
	parent = fw_next(x, 0x33);
	mx_refused(x, fw_create(x, fw_bulk(x, parent, 10)), OUT_OF_ORDER);
}

/* Per line and over all lines: what has been treated is not sent on. */
static void more_than_is_left(void **state)
{
	struct mx *x = *state;
	const ProtobufCBinaryData parent = fw_to_accepted(x);
	Liandan__ManifestCreated *b;

	mx_clean(x, fw_create(x, fw_bulk(x, parent, MX_BULK_G)));
	fw_next(x, 0x44);
	mx_clean(x, treat(x, "", parent, MX_BULK_G));
	b = fw_created(x, parent);
	mx_refused(x, fw_create(x, b), QUANTITY);
	b = fw_to_rec2(x);
	b->n_lines = 1;
	fw_share(x, b, parent, 1, MX_C1_G + MX_C2_G);
	mx_clean(x, fw_create(x, b));
}

/* A drum that somebody else filled does not leave as if it were the sender's own. */
static void drums_keep_their_origin(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b;

	fw_to_accepted(x);
	b = fw_to_rec2(x);
	b->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_NORMAL;
	mx_clean(x, fw_create(x, b));
	mx_refused(x, fw_seal(x, b), NOT_ADDING);
	assert_string_equal(x->j.refused_by->name, "came_shared");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)
	    TEST(sent_on_whole),
	    TEST(what_is_left_is_treated),
	    TEST(treated_by_the_code_that_stayed),
	    TEST(given_back),
	    TEST(taken_after_the_cancellation),
	    TEST(genealogy),
	    TEST(mixed_with_own_waste),
	    TEST(shares_of_a_part),
	    TEST(hostile_parents),
	    TEST(not_accepted_yet),
	    TEST(more_than_is_left),
	    TEST(drums_keep_their_origin),
#undef TEST
	};

	return cmocka_run_group_tests_name("forward", tests, NULL, NULL);
}
