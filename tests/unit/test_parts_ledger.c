/* Parts and forwarding on a real ledger: the books add up over parents and children, and the state
 * is what the ledger says. CUSTODY-1, 2, 6, 18. */
#include "tests/support/trade.c"

#include "review_fixture.h"

#define TEXT(s) ((char *)(uintptr_t)(s))

/* ---- what is published of them ---- */

#define TAGS 16

/* The sink's last word on each manifest, by the tag of its id, and on the truck; NULL: none. */
static char *told[TAGS], *told_truck;

static char *text_of(cJSON *json)
{
	char *text = json != NULL ? cJSON_PrintUnformatted(json) : NULL;

	cJSON_Delete(json);
	return text;
}

static void tell(void *ctx, const uint8_t id[LD_UUID_BYTES])
{
	struct review *x = ctx;

	assert_true(id[1] < TAGS);
	cJSON_free(told[id[1]]);
	told[id[1]] = text_of(ld_region_manifest_json(x->w.region, id));
}

static void tell_truck(void *ctx, const char *plate)
{
	struct review *x = ctx;

	if (strcmp(plate, "T1") != 0)
		return;
	cJSON_free(told_truck);
	told_truck = text_of(ld_region_vehicle_json(x->w.region, plate));
}

static int open_told(void **state)
{
	struct review *x;

	if (review_open(state) != 0)
		return 1;
	x = *state; /* its world, the sink's context, is its first member */
	x->w.region->opt.sink.manifest = tell;
	x->w.region->opt.sink.vehicle = tell_truck;
	return 0;
}

static void must_be_told(char **last, char *now)
{
	if (now != NULL && (*last == NULL || strcmp(now, *last) != 0))
		fail_msg("was told\n%s\nbut is\n%s", *last != NULL ? *last : "nothing", now);
	cJSON_free(now);
	cJSON_free(*last);
	*last = NULL;
}

/* Whatever the story did to a manifest, closed long ago or not, or to the load: it was told. */
static int close_told(void **state)
{
	struct review *x = *state;
	uint8_t id[LD_UUID_BYTES];

	memcpy(id, x->t.id, sizeof id);
	assert_int_equal(ld_region_flush(x->w.region), LD_OK);
	for (id[1] = 0; id[1] < TAGS; id[1]++)
		must_be_told(&told[id[1]], text_of(ld_region_manifest_json(x->w.region, id)));
	must_be_told(&told_truck, text_of(ld_region_vehicle_json(x->w.region, "T1")));
	return review_close(state);
}

/* ---- ---- */

static void must(struct review *x, struct signer *by, Liandan__Event *e)
{
	review_must(&x->t, by, e);
}

/* The manifest id that ends in this is at hand. The one before, in the trade's memory. */
static ProtobufCBinaryData at_hand(struct review *x, uint8_t tag)
{
	const ProtobufCBinaryData before =
	    trade_bytes(trade_dup(&x->t, x->t.id, LD_UUID_BYTES), LD_UUID_BYTES);

	x->t.id[1] = tag;
	return before;
}

static Liandan__Item *item(struct review *x, const char *container, uint32_t line, int64_t mass_g)
{
	Liandan__Item *i = TRADE_NEW(&x->t, Liandan__Item, LIANDAN__ITEM__INIT);

	i->container = TEXT(container);
	i->line = line;
	i->mass_g = mass_g;
	return i;
}

/* So much of the heap, and the drum where it is named, onto the child of that tag. */
static void take_part(struct review *x, struct signer *giver, uint8_t child, const char *drum,
		      int64_t bulk_g)
{
	Liandan__Item *items[2] = {item(x, "", 2, bulk_g), NULL};
	const size_t n = drum != NULL ? 2 : 1;
	Liandan__Event *offer = trade_offered(&x->t, 1, "haul"), *taking;

	if (drum != NULL)
		items[1] = item(x, drum, 1, TRADE_DRUM_G);
	offer->handover_offered->items = trade_dup(&x->t, items, sizeof items);
	offer->handover_offered->n_items = n;
	must(x, giver, offer);
	memcpy(x->t.offer, x->t.hash, sizeof x->t.offer);
	taking = trade_taken(&x->t, 1, "T1", "p-d1");
	at_hand(x, child);
	taking->handover_taken->child =
	    trade_bytes(trade_dup(&x->t, x->t.id, LD_UUID_BYTES), LD_UUID_BYTES);
	at_hand(x, 0);
	must(x, &x->t.d1, taking);
}

static void take_rest(struct review *x, struct signer *giver)
{
	must(x, giver, trade_offered(&x->t, 1, "haul"));
	memcpy(x->t.offer, x->t.hash, sizeof x->t.offer);
	must(x, &x->t.d1, trade_taken(&x->t, 1, "T1", "p-d1"));
}

/* What is on the manifest at hand reaches the pit, which accepts all of it. */
static void deliver(struct review *x)
{
	int64_t g[2] = {0, 0};
	const Custody__Manifest *m;
	Liandan__Event *e;
	Liandan__Accepted *b;

	must(x, &x->t.d1, trade_arrived(&x->t, "T1"));
	must(x, &x->t.pit, trade_received(&x->t));
	m = review_manifest(x);
	for (size_t i = 0; i < m->n_items; i++)
		g[m->items[i]->line - 1] += m->items[i]->mass_g;
	must(x, &x->t.scale, trade_weighed(&x->t, "scale", g[0] + g[1]));
	e = trade_accepted(&x->t);
	b = e->accepted;
	b->lines[0]->mass_g = g[0];
	b->lines[1]->mass_g = g[1];
	if (g[0] == 0) /* the drum is on another one */
		b->lines[0] = b->lines[--b->n_lines];
	must(x, &x->t.pit, e);
}

static int64_t in_stock(struct review *x, const char *party, const char *site)
{
	struct ld_custody *c = ld_region_custody(x->w.region);
	Custody__Stock *s;

	ld_arena_reset(c->arena);
	return ld_stock_get(c, party, site, TRADE_CODE, &s) == LD_OK ? s->in_stock_g : 0;
}

static int64_t items_g(struct review *x)
{
	const Custody__Manifest *m = review_manifest(x);
	int64_t sum = 0;

	for (size_t i = 0; i < m->n_items; i++)
		sum += m->items[i]->mass_g;
	return sum;
}

/* ---- ---- */

static void delivered_in_parts(struct review *x)
{
	trade_to_sealed(&x->t);
	take_part(x, &x->t.office, 1, x->t.drum, 100001);
	take_part(x, &x->t.office, 2, NULL, 1);
	assert_int_equal(in_stock(x, "gen", "gen-yard"), TRADE_BULK_G - 100002);
	take_rest(x, &x->t.office);
	assert_int_equal(in_stock(x, "gen", "gen-yard"), 0);
	for (uint8_t tag = 0; tag < 3; tag++) {
		at_hand(x, tag);
		deliver(x);
		assert_int_equal(review_manifest(x)->state, CUSTODY__MANIFEST_STATE__CLOSED);
	}
	at_hand(x, 0);
	assert_int_equal(in_stock(x, "pit", "pit-gate"), TRADE_DRUM_G + TRADE_BULK_G);
}

static void parts(void **state)
{
	struct review *x = *state;

	delivered_in_parts(x);
	review_replays(x);
	world_reopen(&x->w);
	at_hand(x, 1);
	assert_int_equal(items_g(x), TRADE_DRUM_G + 100001);
}

static void share(struct review *x, Liandan__ManifestCreated *b, uint8_t tag, uint32_t line,
		  int64_t mass_g)
{
	Liandan__Parent *p = TRADE_NEW(&x->t, Liandan__Parent, LIANDAN__PARENT__INIT);
	uint8_t *id = trade_dup(&x->t, x->t.id, LD_UUID_BYTES);

	id[1] = tag;
	p->manifest = trade_bytes(id, LD_UUID_BYTES);
	p->line = line;
	p->mass_g = mass_g;
	b->parents[b->n_parents++] = p;
}

/* All that came on three manifests, to another receiver: on one manifest, in two trips, the second
 * of which is called off. */
static void forward(struct review *x)
{
	Liandan__Parent *room[4] = {NULL};
	Liandan__Event *e;
	Liandan__ManifestCreated *b;

	at_hand(x, 9);
	e = trade_created(&x->t);
	b = e->manifest_created;
	b->kind = LIANDAN__MANIFEST_KIND__MANIFEST_KIND_FORWARD;
	b->generator = TEXT("pit");
	b->site = TEXT("pit-gate");
	b->receiver->party = TEXT("hole");
	b->receiver->site = TEXT("hole-gate");
	b->parents = trade_dup(&x->t, room, sizeof room);
	share(x, b, 0, 2, TRADE_BULK_G - 100002);
	share(x, b, 1, 1, TRADE_DRUM_G);
	share(x, b, 1, 2, 100001);
	share(x, b, 2, 2, 1);
	must(x, &x->t.yard, e);
	must(x, &x->t.yard, trade_sealed(&x->t));
}

static int64_t forwarded(struct review *x, uint8_t tag)
{
	const ProtobufCBinaryData before = at_hand(x, tag);
	const int64_t g = review_manifest(x)->forwarded_g;

	memcpy(x->t.id, before.data, LD_UUID_BYTES);
	return g;
}

static void forwarded_in_parts(void **state)
{
	struct review *x = *state;
	Liandan__Event *taking, *offer;
	Liandan__Item *bulk;

	world_licence(&x->w, "L-hole", "hole", LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE, "*");
	delivered_in_parts(x);
	forward(x);
	bulk = item(x, "", 2, TRADE_BULK_G - 100002 + 7); /* the first parent's, 7 of the next */
	offer = trade_offered(&x->t, 1, "haul");
	offer->handover_offered->items = trade_dup(&x->t, &bulk, sizeof bulk);
	offer->handover_offered->n_items = 1;
	must(x, &x->t.yard, offer);
	memcpy(x->t.offer, x->t.hash, sizeof x->t.offer);
	taking = trade_taken(&x->t, 1, "T1", "p-d1");
	at_hand(x, 10);
	taking->handover_taken->child =
	    trade_bytes(trade_dup(&x->t, x->t.id, LD_UUID_BYTES), LD_UUID_BYTES);
	at_hand(x, 9);
	must(x, &x->t.d1, taking);
	assert_int_equal(forwarded(x, 0), TRADE_BULK_G - 100002);
	assert_int_equal(forwarded(x, 1), 7);
	assert_int_equal(forwarded(x, 2), 0);
	must(x, &x->t.yard, trade_cancelled(&x->t));
	assert_int_equal(in_stock(x, "pit", "pit-gate"), TRADE_DRUM_G + 100002 - 7);
	review_replays(x);
	world_reopen(&x->w);
	assert_int_equal(forwarded(x, 1), 7);
}

/* The drum is refused, goes back on the truck, and is its generator's again. */
static void refused_and_returned(void **state)
{
	struct review *x = *state;
	Liandan__PartlyAccepted *p =
	    TRADE_NEW(&x->t, Liandan__PartlyAccepted, LIANDAN__PARTLY_ACCEPTED__INIT);
	Liandan__RefusedItem *r =
	    TRADE_NEW(&x->t, Liandan__RefusedItem, LIANDAN__REFUSED_ITEM__INIT);
	Liandan__Redirected *back =
	    TRADE_NEW(&x->t, Liandan__Redirected, LIANDAN__REDIRECTED__INIT);
	Liandan__AcceptedLine *l =
	    TRADE_NEW(&x->t, Liandan__AcceptedLine, LIANDAN__ACCEPTED_LINE__INIT);
	struct signer *driver[] = {&x->t.d1};
	Liandan__Event *e;

	trade_to_received(&x->t);
	must(x, &x->t.scale, trade_weighed(&x->t, "scale", TRADE_BULK_G));
	e = trade_accepted(&x->t);
	p->manifest = at_hand(x, 0);
	p->content = e->accepted->content;
	p->lines = &e->accepted->lines[1];
	p->n_lines = 1;
	p->tickets = e->accepted->tickets;
	p->n_tickets = e->accepted->n_tickets;
	r->item = item(x, x->t.drum, 1, TRADE_DRUM_G);
	r->reason = LIANDAN__REJECT_REASON__REJECT_REASON_PACKAGING;
	p->refused = trade_dup(&x->t, &r, sizeof r);
	p->n_refused = 1;
	p->waste_is_on = LIANDAN__WASTE_IS_ON__WASTE_IS_ON_TRUCK;
	at_hand(x, 1);
	p->child = trade_bytes(trade_dup(&x->t, x->t.id, LD_UUID_BYTES), LD_UUID_BYTES);
	e = trade_event(&x->t, LIANDAN__EVENT__BODY_PARTLY_ACCEPTED, p);
	if (world_send_cosigned(&x->w, &x->t.pit, driver, 1, e) != LIANDAN__VERDICT__ACCEPTED)
		fail_msg("reason %d: %s", (int)x->w.out.reason, x->w.out.detail);
	assert_int_equal(in_stock(x, "pit", "pit-gate"), TRADE_BULK_G);
	review_replays(x);

	back->manifest = p->child;
	at_hand(x, 2);
	back->child = trade_bytes(trade_dup(&x->t, x->t.id, LD_UUID_BYTES), LD_UUID_BYTES);
	back->kind = LIANDAN__REDIRECT_KIND__REDIRECT_KIND_RETURN;
	back->receiver = TRADE_NEW(&x->t, Liandan__Receiver, LIANDAN__RECEIVER__INIT);
	back->receiver->party = TEXT("gen");
	back->receiver->site = TEXT("gen-yard");
	back->carrier = TEXT("haul");
	must(x, &x->t.office, trade_event(&x->t, LIANDAN__EVENT__BODY_REDIRECTED, back));
	review_replays(x);

	e = trade_arrived(&x->t, "T1");
	e->arrived->site = TEXT("gen-yard");
	must(x, &x->t.d1, e);
	e = trade_received(&x->t);
	e->received->site = TEXT("gen-yard");
	must(x, &x->t.office, e);
	e = trade_accepted(&x->t);
	l->line = 1;
	l->mass_g = TRADE_DRUM_G;
	e->accepted->lines[0] = l;
	e->accepted->n_lines = 1;
	e->accepted->n_tickets = 0;
	must(x, &x->t.office, e);
	assert_int_equal(in_stock(x, "gen", "gen-yard"), TRADE_DRUM_G);
	assert_int_equal(review_manifest(x)->state, CUSTODY__MANIFEST_STATE__CLOSED);
	review_replays(x);
}

/* A manifest as large as its record gets: all but a heap goes on as a part, of which all but one is
 * refused, and sent back. */
static void as_large_as_it_gets(void **state)
{
	struct review *x = *state;
	Liandan__PartlyAccepted *p;
	Liandan__AcceptedLine *l;
	Liandan__Redirected *back;
	const size_t n = LD_MAX_ITEMS - 1;
	Liandan__Event *e;

	review_full_manifest(x);
	e = trade_taken(&x->t, 1, "T1", "p-d1");
	e->handover_taken->items = review_items(x);
	e->handover_taken->n_items = n;
	at_hand(x, 1);
	e->handover_taken->child =
	    trade_bytes(trade_dup(&x->t, x->t.id, LD_UUID_BYTES), LD_UUID_BYTES);
	at_hand(x, 0);
	must(x, &x->t.d1, e);
	assert_int_equal(items_g(x), 500);
	at_hand(x, 1);
	assert_int_equal(items_g(x), (int64_t)500 * (int64_t)n);
	must(x, &x->t.d1, trade_arrived(&x->t, "T1"));
	must(x, &x->t.pit, trade_received(&x->t));
	p = TRADE_NEW(&x->t, Liandan__PartlyAccepted, LIANDAN__PARTLY_ACCEPTED__INIT);
	p->manifest = at_hand(x, 2);
	p->child = trade_bytes(trade_dup(&x->t, x->t.id, LD_UUID_BYTES), LD_UUID_BYTES);
	p->content = trade_bytes(x->t.content, sizeof x->t.content);
	l = TRADE_NEW(&x->t, Liandan__AcceptedLine, LIANDAN__ACCEPTED_LINE__INIT);
	l->line = 1;
	l->mass_g = 500;
	l->mode = TEXT("R9");
	p->lines = trade_dup(&x->t, &l, sizeof l);
	p->n_lines = 1;
	p->waste_is_on = LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE;
	p->refused = ld_arena_alloc(&x->t.arena, n * sizeof *p->refused);
	for (; p->n_refused < n - 1; p->n_refused++) {
		Liandan__RefusedItem *r =
		    TRADE_NEW(&x->t, Liandan__RefusedItem, LIANDAN__REFUSED_ITEM__INIT);

		r->item = item(x, "", 1, 500);
		r->reason = LIANDAN__REJECT_REASON__REJECT_REASON_OTHER;
		p->refused[p->n_refused] = r;
	}
	must(x, &x->t.pit, trade_event(&x->t, LIANDAN__EVENT__BODY_PARTLY_ACCEPTED, p));
	assert_int_equal(items_g(x), (int64_t)500 * (int64_t)(n - 1));
	back = TRADE_NEW(&x->t, Liandan__Redirected, LIANDAN__REDIRECTED__INIT);
	back->manifest = at_hand(x, 3);
	back->child = trade_bytes(trade_dup(&x->t, x->t.id, LD_UUID_BYTES), LD_UUID_BYTES);
	back->kind = LIANDAN__REDIRECT_KIND__REDIRECT_KIND_RETURN;
	back->receiver = TRADE_NEW(&x->t, Liandan__Receiver, LIANDAN__RECEIVER__INIT);
	back->receiver->party = TEXT("gen");
	back->receiver->site = TEXT("gen-yard");
	back->carrier = TEXT("haul");
	must(x, &x->t.office, trade_event(&x->t, LIANDAN__EVENT__BODY_REDIRECTED, back));
	assert_int_equal(items_g(x), (int64_t)500 * (int64_t)(n - 1));
	review_replays(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(parts, open_told, close_told),
	    cmocka_unit_test_setup_teardown(forwarded_in_parts, open_told, close_told),
	    cmocka_unit_test_setup_teardown(refused_and_returned, open_told, close_told),
	    cmocka_unit_test_setup_teardown(as_large_as_it_gets, open_told, close_told),
	};

	return cmocka_run_group_tests_name("parts_ledger", tests, NULL, NULL);
}
