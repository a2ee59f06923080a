/* The manifest up to the first hand-over: created, sealed, cancelled, offered. CUSTODY-1, 2, 4, 5.
 */
#include "manifest_builders.h"

#include <stdio.h>

static void created_is_a_draft(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);
	Custody__Manifest *m;
	Custody__Party *p;

	b->number = MX_S("20264403000001");
	mx_clean(x, mx_create(x, b));
	m = mx_manifest(x);
	assert_int_equal(m->state, CUSTODY__MANIFEST_STATE__DRAFT);
	assert_string_equal(m->holder, "GEN");
	assert_string_equal(m->number, "20264403000001");
	assert_int_equal(m->created_ms, x->now);
	assert_memory_equal(m->after_hashes[0].data, x->hash, LD_HASH_BYTES);
	assert_int_equal(MX_DUE(x, DRAFT), x->now + 30 * LD_DAY_MS);
	assert_int_equal(ld_party_get(&x->c, "GEN", &p), LD_OK);
	assert_int_equal(p->drafts, 1);
	mx_refused(x, mx_create(x, mx_created(x)),
		   ALREADY_EXISTS); /* invariant 4: an id is never reused */
}

static void created_by_the_generator(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);
	MX_EVENT(e, MANIFEST_CREATED, b);

	mx_refused(x, mx_create_as(x, CAR1, b), WRONG_ROLE);
	mx_refused(x, mx_create_as(x, GEN2, b), WRONG_ROLE);
	mx_refused(x, mx_create_as(x, EEB, b), WRONG_ROLE);
	e.delegation = MX_S("d-1");
	mx_refused(x, mx_put(x, GEN2, &e), DELEGATION_MISSING);
}

static void created_names_whom_the_registry_knows(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);

	b->receiver->party = MX_S("GEN2"); /* registered, but no receiver */
	mx_refused(x, mx_create(x, b), UNKNOWN_PARTY);
	b = mx_created(x);
	b->receiver->site = MX_S("S-GEN2");
	mx_refused(x, mx_create(x, b), UNKNOWN_SITE);
	b = mx_created(x);
	b->site = MX_S("S-NONE");
	mx_refused(x, mx_create(x, b), UNKNOWN_SITE);
	b = mx_created(x);
	b->site = MX_S("S-PARK");
	mx_refused(x, mx_create(x, b), UNKNOWN_SITE);
	b = mx_created(x);
	b->carriers[1]->party = MX_S("GEN2");
	mx_refused(x, mx_create(x, b), UNKNOWN_PARTY);
	b = mx_created(x);
	b->carriers[0]->order = 3;
	mx_refused(x, mx_create(x, b), UNKNOWN_PARTY);
}

static void created_between_two_sites(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);

	/* the receiver as generator, to itself: the same site is refused, another of its own is
	 * lawful */
	b->generator = b->receiver->party = MX_S("REC");
	b->site = b->receiver->site = MX_S("S-REC");
	mx_refused(x, mx_create_as(x, RECG, b), SAME_SITE);
	mx_site(x, "S-RECB", "REC", LIANDAN__SITE_KIND__SITE_KIND_STORAGE, 227100000, 1142100000);
	b->receiver->site = MX_S("S-RECB");
	mx_clean(x, mx_create_as(x, RECG, b));
}

static void created_with_good_lines(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);

	b->lines[1]->code = MX_S("900-999-99");
	mx_refused(x, mx_create(x, b), BAD_WASTE_CODE);
	b = mx_created(x);
	b->lines[1]->code_system = LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_GENERAL;
	mx_refused(x, mx_create(x, b), BAD_WASTE_CODE);
	b = mx_created(x);
	b->lines[1]->line = 1;
	mx_refused(x, mx_create(x, b), QUANTITY);
	b->lines[1]->line = 0;
	mx_refused(x, mx_create(x, b), QUANTITY);
	b = mx_created(x);
	b->lines[1]->quantity->mass_g = 0;
	mx_refused(x, mx_create(x, b), QUANTITY);
	b->lines[1]->quantity->mass_g = LD_MAX_MASS_G + 1;
	mx_refused(x, mx_create(x, b), QUANTITY);
	b->lines[1]->quantity->mass_g = LD_MAX_MASS_G;
	mx_clean(x, mx_create(x, b));
}

static void general_waste_by_its_form(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);

	b->lines[1]->code_system = LIANDAN__CODE_SYSTEM__CODE_SYSTEM_CN_GENERAL;
	b->lines[1]->code = MX_S("900-001-S17");
	mx_clean(x, mx_create(x, b));
}

static void lines_at_their_limit(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);

	/* limit + 1 is the gate's: see proto/fields.def */
	for (uint32_t i = 0; i < LD_MAX_LINES; i++)
		b->lines[i] = mx_line(x, i + 1, MX_CODE, 1000);
	b->n_lines = LD_MAX_LINES;
	mx_clean(x, mx_create(x, b));
}

static void drafts_at_their_limit(void **state)
{
	struct mx *x = *state;
	Custody__Party *p;

	assert_int_equal(ld_party_get(&x->c, "GEN", &p), LD_OK);
	p->drafts = LD_MAX_DRAFTS_PER_PARTY;
	assert_int_equal(ld_party_put(&x->c, p), LD_OK);
	mx_refused(x, mx_create(x, mx_created(x)), LIMIT);
	assert_int_equal(ld_party_get(&x->c, "GEN", &p), LD_OK);
	p->drafts = LD_MAX_DRAFTS_PER_PARTY - 1;
	assert_int_equal(ld_party_put(&x->c, p), LD_OK);
	mx_clean(x, mx_create(x, mx_created(x)));
}

static void official_numbers(void **state)
{
	static const char *const bad[] = {"2026440300001",  "202644030000011", "2026440300000x",
					  "20244403000001", "20284403000001",  "20264401000001"};
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		b->number = MX_S(bad[i]);
		mx_refused(x, mx_create(x, b), BAD_NUMBER);
	}
	b->number = MX_S("20254403999999"); /* last year's */
	mx_clean(x, mx_create(x, b));
	memset(x->id, 0x22, sizeof x->id);
	mx_refused(x, mx_create(x, b), ALREADY_EXISTS);
}

static void children_are_not_drafts(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);
	Liandan__Parent *parent = MX_NEW(x, Liandan__Parent, LIANDAN__PARENT__INIT);
	uint8_t other[LD_UUID_BYTES] = {9};

	b->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_SPLIT;
	mx_refused(x, mx_create(x, b), LIMIT);
	b->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_FORWARD;
	b->n_parents = 1;
	b->parents = &parent;
	parent->manifest = mx_bytes(other, sizeof other);
	mx_refused(x, mx_create(x, b), UNKNOWN_MANIFEST);
}

static void sealing_binds(void **state)
{
	struct mx *x = *state;
	Custody__Manifest *m;
	Liandan__ManifestSealed *again = mx_sealed(x);
	Custody__Stock *s;
	Custody__Party *p;

	mx_to_sealed(x);
	m = mx_manifest(x);
	assert_int_equal(m->state, CUSTODY__MANIFEST_STATE__SEALED);
	assert_memory_equal(m->content.data, x->content, LD_HASH_BYTES);
	assert_int_equal(m->n_items, 3);
	assert_int_equal(MX_DUE(x, DRAFT), 0);
	assert_int_equal(MX_DUE(x, PICKUP), x->now + 10 * LD_DAY_MS);
	assert_int_equal(mx_container(x, "C1")->state, CUSTODY__CONTAINER_STATE__BOUND);
	assert_true(ld_same_id(mx_container(x, "C2")->manifest, mx_id(x)));
	s = mx_stock(x, "GEN", "S-GEN", MX_BULK);
	assert_int_equal(s->bound_g, MX_BULK_G);
	assert_int_equal(s->in_stock_g, MX_BULK_G);
	assert_int_equal(ld_party_get(&x->c, "GEN", &p), LD_OK);
	assert_int_equal(p->drafts, 0);
	assert_int_equal(p->open_manifests, 1);
	again->content = mx_bytes(x->content, sizeof x->content);
	mx_refused(x, mx_seal_as(x, GEN, again), OUT_OF_ORDER);
}

static void sealing_needs_the_draft_and_its_generator(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestSealed *b = mx_sealed(x);
	Liandan__ManifestCreated *draft = mx_created(x);

	mx_fill(x);
	mx_hash_content(x, draft, b);
	mx_refused(x, mx_seal_as(x, GEN, b), UNKNOWN_MANIFEST);
	mx_clean(x, mx_create(x, draft));
	mx_refused(x, mx_seal_as(x, REC, b), WRONG_ROLE);
	mx_refused(x, mx_seal_as(x, GEN2, b), WRONG_ROLE);
	mx_clean(x, mx_seal_as(x, GEN, b));
}

/* ManifestSealed.content is over the bytes as they stood in the creating event, unknown fields of
 * the extension range included: what apply kept must pack to the very same bytes. */
static void content_is_over_the_bytes_as_they_stood(void **state)
{
	struct mx *x = *state;
	/* field 1024, length-delimited, 3 bytes; and 1025, varint */
	static const uint8_t extension[] = {0x82, 0x40, 3, 'e', 'x', 't', 0x88, 0x40, 0x96, 0x01};
	Liandan__ManifestCreated *b = mx_created(x);
	ProtobufCMessageUnknownField unknown[2] = {
	    {1024, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, 4, (uint8_t *)MX_S("\003ext")},
	    {1025, PROTOBUF_C_WIRE_TYPE_VARINT, 2, (uint8_t *)MX_S("\226\001")},
	};
	Liandan__ManifestSealed *s = mx_sealed(x);
	uint8_t *raw = ld_arena_alloc(&x->build, 65536);
	uint8_t want[LD_HASH_BYTES];
	size_t n;

	b->number = MX_S("20264403000001");
	b->pickup_ms = 1;
	b->base.n_unknown_fields = 2;
	b->base.unknown_fields = unknown;
	b->lines[0]->base.n_unknown_fields = 1;
	b->lines[0]->base.unknown_fields = unknown;
	n = liandan__manifest_created__pack(b, raw);
	assert_memory_equal(raw + n - sizeof extension, extension, sizeof extension);
	mx_fill(x);
	mx_clean(x, mx_create(x, b));
	assert_int_equal(liandan__manifest_created__get_packed_size(mx_manifest(x)->created), n);
	for (size_t i = 0; i < s->n_items; i++)
		n += liandan__item__pack(s->items[i], raw + n);
	ld_sha256(raw, n, want);
	s->content = mx_bytes(want, sizeof want);
	mx_clean(x, mx_seal_as(x, GEN, s));
}

static void content_must_fit(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestSealed *b = mx_sealed(x);
	Liandan__ManifestCreated *draft;

	mx_fill(x);
	draft = mx_to_draft(x);
	mx_hash_content(x, draft, b);
	x->content[31] ^= 1;
	mx_refused(x, mx_seal_as(x, GEN, b), BAD_CONTENT);
	b->version = 2;
	mx_refused(x, mx_seal(x, draft, b), BAD_CONTENT);
	b->version = 1;
	mx_hash_content(x, draft, b);
	b->items[0]->count = 1; /* other bytes than were hashed */
	mx_refused(x, mx_seal_as(x, GEN, b), BAD_CONTENT);
}

static void containers_are_here_and_free(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *draft;
	Liandan__ManifestSealed *b = mx_sealed(x);
	Custody__Container *k;

	mx_fill(x);
	draft = mx_to_draft(x);
	b->items[0]->container = MX_S("C9");
	mx_refused(x, mx_seal(x, draft, b), UNKNOWN_CONTAINER);
	b->items[0]->container = MX_S("C2");
	mx_refused(x, mx_seal(x, draft, b), CONTAINER_ELSEWHERE); /* twice on it */
	b = mx_sealed(x);
	k = mx_container(x, "C1");
	k->site = MX_S("S-GENB");
	assert_int_equal(ld_container_put(&x->c, k), LD_OK);
	mx_refused(x, mx_seal(x, draft, b), CONTAINER_ELSEWHERE);
	k = mx_container(x, "C1");
	k->site = MX_S("S-GEN");
	k->party = MX_S("GEN2");
	assert_int_equal(ld_container_put(&x->c, k), LD_OK);
	mx_refused(x, mx_seal(x, draft, b), CONTAINER_ELSEWHERE);
	k = mx_container(x, "C1");
	k->party = MX_S("GEN");
	k->state = CUSTODY__CONTAINER_STATE__TREATED;
	assert_int_equal(ld_container_put(&x->c, k), LD_OK);
	mx_refused(x, mx_seal(x, draft, b), CONTAINER_ELSEWHERE);
	k = mx_container(x, "C1");
	k->state = CUSTODY__CONTAINER_STATE__GENERATED;
	k->code = MX_S(MX_BULK);
	assert_int_equal(ld_container_put(&x->c, k), LD_OK);
	mx_refused(x, mx_seal(x, draft, b), BAD_WASTE_CODE);
}

static void a_container_is_on_one_open_manifest(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *draft;

	mx_to_sealed(x);
	memset(x->id, 0x22, sizeof x->id);
	draft = mx_to_draft(x);
	mx_refused(x, mx_seal(x, draft, mx_sealed(x)), CONTAINER_ELSEWHERE);
}

static void masses_add_up(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *draft;
	Liandan__ManifestSealed *b;

	mx_fill(x);
	draft = mx_to_draft(x);
	b = mx_sealed(x);
	b->items[0]->mass_g++; /* not what the container holds */
	mx_refused(x, mx_seal(x, draft, b), QUANTITY);
	b = mx_sealed(x);
	b->items[2]->mass_g--; /* not what the line says */
	mx_refused(x, mx_seal(x, draft, b), QUANTITY);
	b = mx_sealed(x);
	b->items[2]->line = 3;
	mx_refused(x, mx_seal(x, draft, b), QUANTITY);
	b = mx_sealed(x);
	b->n_items = 2; /* a line without items */
	mx_refused(x, mx_seal(x, draft, b), QUANTITY);
	mx_clean(x, mx_seal(x, draft, mx_sealed(x)));
}

static void bulk_is_what_is_in_stock(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);
	Liandan__ManifestSealed *s = mx_sealed(x);

	mx_fill(x);
	mx_generate(x, "B4", "C3", MX_BULK, 400000); /* in a drum: no bulk */
	b->lines[1]->quantity->mass_g = s->items[2]->mass_g = MX_BULK_G + 1;
	mx_clean(x, mx_create(x, b));
	mx_refused(x, mx_seal(x, b, s), QUANTITY);
	memset(x->id, 0x22, sizeof x->id);
	b->lines[1]->quantity->basis = LIANDAN__BASIS__BASIS_ESTIMATED;
	mx_clean(x, mx_create(x, b));
	mx_clean(x, mx_seal(x, b, s));
	/* what is bound cannot be sealed again */
	memset(x->id, 0x33, sizeof x->id);
	b->lines[0] = mx_line(x, 1, MX_BULK, 1);
	b->n_lines = 1;
	s->items[0] = mx_item(x, "", 1, 1);
	s->n_items = 1;
	mx_clean(x, mx_create(x, b));
	mx_refused(x, mx_seal(x, b, s), QUANTITY);
}

static void negative_stock_blocks_seals(void **state)
{
	struct mx *x = *state;
	const struct ld_booking out = {.lost_g = 10 * (int64_t)MX_BULK_G};
	Liandan__ManifestCreated *b = mx_created(x);

	mx_fill(x);
	assert_int_equal(ld_stock_book(&x->c, "GEN", "S-GEN", MX_BULK, &out, 1), LD_OK);
	b->lines[1]->quantity->basis = LIANDAN__BASIS__BASIS_ESTIMATED;
	mx_clean(x, mx_create(x, b));
	mx_refused(x, mx_seal(x, b, mx_sealed(x)), QUANTITY);
}

static void licences_at_sealing(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *draft;
	Custody__Licence *l;

	mx_fill(x);
	draft = mx_to_draft(x);
	mx_licence(x, "L-REC", "REC", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "HW49", MX_MODE,
		   0);
	mx_refused(x, mx_seal(x, draft, mx_sealed(x)), NOT_LICENSED); /* code */
	mx_licence(x, "L-REC", "REC", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*", "D10", 0);
	mx_refused(x, mx_seal(x, draft, mx_sealed(x)), NOT_LICENSED); /* mode */
	mx_licence(x, "L-REC", "REC", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*", "", x->now);
	mx_refused(x, mx_seal(x, draft, mx_sealed(x)),
		   NOT_LICENSED); /* expired: to_ms is exclusive */
	mx_licence(x, "L-REC", "REC", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*", "", 0);
	mx_refused(x, mx_seal(x, draft, mx_sealed(x)), NOT_LICENSED); /* kind */
	mx_licence(x, "L-REC", "REC", LIANDAN__LICENCE_KIND__LICENCE_KIND_EXEMPTION, "*", "",
		   x->now + 1);
	mx_licence(x, "L-C2", "CAR2", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "HW08", "", 0);
	mx_refused(x, mx_seal(x, draft, mx_sealed(x)), NOT_LICENSED); /* a carrier */
	mx_licence(x, "L-C2", "CAR2", LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY, "*", "", 0);
	assert_int_equal(ld_licence_get(&x->c, "L-C2", &l), LD_OK);
	l->withdrawn_ms = x->now;
	assert_int_equal(ld_licence_put(&x->c, l), LD_OK);
	mx_refused(x, mx_seal(x, draft, mx_sealed(x)), NOT_LICENSED);
	assert_int_equal(ld_licence_get(&x->c, "L-C2", &l), LD_OK);
	l->withdrawn_ms = 0;
	assert_int_equal(ld_licence_put(&x->c, l), LD_OK);
	mx_clean(x, mx_seal(x, draft, mx_sealed(x)));
}

static void a_named_licence_is_the_one_that_counts(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);

	mx_fill(x);
	b->receiver->licence = MX_S("L-NONE");
	mx_clean(x, mx_create(x, b));
	mx_refused(x, mx_seal(x, b, mx_sealed(x)), NOT_LICENSED);
	memset(x->id, 0x22, sizeof x->id);
	b->receiver->licence = MX_S("L-C1"); /* somebody else's */
	mx_clean(x, mx_create(x, b));
	mx_refused(x, mx_seal(x, b, mx_sealed(x)), NOT_LICENSED);
	memset(x->id, 0x33, sizeof x->id);
	b->receiver->licence = MX_S("L-REC");
	mx_clean(x, mx_create(x, b));
	mx_clean(x, mx_seal(x, b, mx_sealed(x)));
}

static void other_hazard_letters_are_flagged(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);

	mx_fill(x);
	b->lines[1]->hazards = LIANDAN__HAZARD__HAZARD_C;
	mx_clean(x, mx_create(x, b));
	mx_flagged(x, mx_seal(x, b, mx_sealed(x)), HAZARDS_DIFFER);
	assert_non_null(mx_own(x, LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED));
}

static void a_thousand_containers(void **state)
{
	struct mx *x = *state;
	Liandan__ManifestCreated *b = mx_created(x);
	Liandan__ManifestSealed *s = mx_sealed(x);
	char(*names)[8] = ld_arena_alloc(&x->build, 1000 * 8);
	Liandan__Accepted *a;

	s->items = ld_arena_alloc(&x->build, LD_MAX_ITEMS * sizeof *s->items);
	for (int i = 0; i < LD_MAX_ITEMS; i++) {
		snprintf(names[i], sizeof names[i], "K%04d", i);
		mx_generate(x, names[i], names[i], MX_CODE, 1000 + i);
		s->items[i] = mx_item(x, names[i], 1, 1000 + i);
	}
	s->n_items = LD_MAX_ITEMS;
	b->n_lines = 1;
	b->lines[0] = mx_line(x, 1, MX_CODE, 1000 * 1000 + 999 * 500);
	mx_clean(x, mx_create(x, b));
	mx_clean(x, mx_seal(x, b, s));
	mx_clean(x, mx_offer(x, GEN, mx_offered(x, 1, "CAR1")));
	mx_clean(x, mx_take(x, CAR1, mx_taken(x, 1, "V1")));
	mx_clean(x, mx_arrive(x, CAR1, mx_arrived(x, "V1")));
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	a = mx_accepted_body(x);
	a->n_lines = 1;
	a->lines[0]->mass_g = 1499499;
	mx_clean(x, mx_accept(x, REC, a));
	assert_true(x->arena.used < 4 * LD_MAX_ARENA_BYTES); /* what the region gives one event */
	assert_int_equal(mx_stock(x, "REC", "S-REC", MX_CODE)->contained_g, 1499499);
	assert_int_equal(mx_stock(x, "GEN", "S-GEN", MX_CODE)->in_stock_g, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, mx_open, mx_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(created_is_a_draft),
	    T(created_by_the_generator),
	    T(created_names_whom_the_registry_knows),
	    T(created_between_two_sites),
	    T(created_with_good_lines),
	    T(general_waste_by_its_form),
	    T(lines_at_their_limit),
	    T(drafts_at_their_limit),
	    T(official_numbers),
	    T(children_are_not_drafts),
	    T(sealing_binds),
	    T(sealing_needs_the_draft_and_its_generator),
	    T(content_is_over_the_bytes_as_they_stood),
	    T(content_must_fit),
	    T(containers_are_here_and_free),
	    T(a_container_is_on_one_open_manifest),
	    T(masses_add_up),
	    T(bulk_is_what_is_in_stock),
	    T(negative_stock_blocks_seals),
	    T(licences_at_sealing),
	    T(a_named_licence_is_the_one_that_counts),
	    T(other_hazard_letters_are_flagged),
	    T(a_thousand_containers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
