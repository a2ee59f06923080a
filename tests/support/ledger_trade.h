/* A ledger of an honest trade for tests that run the built command on it: w, t, what must be
 * accepted, moments between entries, and reading rows of an answer. One of each a test program. */
#ifndef LD_TESTS_LEDGER_TRADE_H
#define LD_TESTS_LEDGER_TRADE_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "tests/support/binary.h"
#include "tests/support/trade.h"

static struct world w;
static struct trade t;

static inline void must(struct trade *trade, struct signer *by, Liandan__Event *e)
{
	Liandan__Verdict v = world_send(&w, by, e);

	if (v != LIANDAN__VERDICT__ACCEPTED)
		fail_msg("verdict %d reason %d: %s", (int)v, (int)w.out.reason, w.out.detail);
	memcpy(trade->hash, w.last_hash, LD_HASH_BYTES);
	/* registry events are committed in groups, and the command is another process */
	assert_int_equal(ld_region_flush(w.region), LD_OK);
}

static inline int ledger_setup(void **state)
{
	(void)state;
	world_new(&w);
	trade_found(&t, &w);
	t.must = must;
	trade_begin(&t);
	assert_int_equal(ld_region_flush(w.region), LD_OK);
	return 0;
}

static inline int ledger_teardown(void **state)
{
	(void)state;
	trade_free(&t);
	world_free(&w);
	return 0;
}
#define ON_A_LEDGER(f) cmocka_unit_test_setup_teardown(f, ledger_setup, ledger_teardown)

/* Entries so far, as text. */
static inline const char *size_text(char out[24])
{
	snprintf(out, 24, "%" PRIu64, ld_region_head(w.region)->size);
	return out;
}

/* A moment that lies after all entries so far and before all to come, in ms. */
static inline const char *moment(char out[24])
{
	const struct timespec pause = {.tv_nsec = 3 * 1000 * 1000};

	nanosleep(&pause, NULL);
	snprintf(out, 24, "%" PRId64, ld_region_now(w.region));
	nanosleep(&pause, NULL);
	return out;
}

/* Bulk of the manifest at hand, or a container, goes into a treatment of the receiver's; what is
 * neither residue (a container) nor said to be lost is a difference. The batch: t.batch. */
static inline void treat(const char *container, int64_t in_g, const char *residue, int64_t out_g,
			 int64_t loss_g)
{
	Liandan__WasteTreated *b =
	    TRADE_NEW(&t, Liandan__WasteTreated, LIANDAN__WASTE_TREATED__INIT);
	Liandan__TreatmentInput *in =
	    TRADE_NEW(&t, Liandan__TreatmentInput, LIANDAN__TREATMENT_INPUT__INIT);
	Liandan__TreatmentOutput *out =
	    TRADE_NEW(&t, Liandan__TreatmentOutput, LIANDAN__TREATMENT_OUTPUT__INIT);

	if (container != NULL)
		in->container = (char *)(uintptr_t)container;
	else
		in->manifest = trade_bytes(t.id, sizeof t.id);
	in->mass_g = in_g;
	b->inputs = trade_dup(&t, &in, sizeof in);
	b->n_inputs = 1;
	if (residue != NULL) {
		out->kind = LIANDAN__OUTPUT_KIND__OUTPUT_KIND_RESIDUE;
		out->code = (char *)(uintptr_t) "772-003-18";
		out->container = (char *)(uintptr_t)residue;
		out->mass_g = out_g;
		b->outputs = trade_dup(&t, &out, sizeof out);
		b->n_outputs = 1;
	}
	b->batch = t.batch = trade_name(&t, "T");
	b->mode = (char *)(uintptr_t) "R9";
	b->site = (char *)(uintptr_t) "pit-gate";
	b->loss_g = loss_g;
	must(&t, &t.pit, trade_event(&t, LIANDAN__EVENT__BODY_WASTE_TREATED, b));
}

/* Stock of the generator's at its yard: two drums, or a drum and bulk (a container NULL), become
 * one drum; the rest is lost. The batch: t.batch. */
static inline void merge(const char *a, int64_t a_g, const char *b, int64_t b_g, const char *into,
			 int64_t out_g)
{
	Liandan__StockRepacked *r =
	    TRADE_NEW(&t, Liandan__StockRepacked, LIANDAN__STOCK_REPACKED__INIT);
	Liandan__RepackInput *in[2];
	Liandan__RepackOutput *out =
	    TRADE_NEW(&t, Liandan__RepackOutput, LIANDAN__REPACK_OUTPUT__INIT);
	const char *from[2] = {a, b};
	const int64_t from_g[2] = {a_g, b_g};

	for (size_t i = 0; i < 2; i++) {
		in[i] = TRADE_NEW(&t, Liandan__RepackInput, LIANDAN__REPACK_INPUT__INIT);
		if (from[i] != NULL)
			in[i]->container = (char *)(uintptr_t)from[i];
		else
			in[i]->code = (char *)(uintptr_t)TRADE_CODE;
		in[i]->mass_g = from_g[i];
	}
	out->container = (char *)(uintptr_t)into;
	out->line = trade_generated(&t, NULL, out_g)->waste_generated->line;
	r->inputs = trade_dup(&t, in, sizeof in);
	r->n_inputs = 2;
	r->outputs = trade_dup(&t, &out, sizeof out);
	r->n_outputs = 1;
	r->site = (char *)(uintptr_t) "gen-yard";
	r->loss_g = a_g + b_g - out_g;
	if (r->loss_g != 0)
		r->loss_cause = LIANDAN__LOSS_CAUSE__LOSS_CAUSE_REPACKING;
	r->batch = t.batch = trade_name(&t, "HB");
	must(&t, &t.office, trade_event(&t, LIANDAN__EVENT__BODY_STOCK_REPACKED, r));
}

static inline void take_stock(int64_t counted_g)
{
	Liandan__StockCounted *b =
	    TRADE_NEW(&t, Liandan__StockCounted, LIANDAN__STOCK_COUNTED__INIT);

	b->site = (char *)(uintptr_t) "gen-yard";
	b->code = (char *)(uintptr_t)TRADE_CODE;
	b->counted_g = counted_g;
	b->method = LIANDAN__COUNT_METHOD__COUNT_METHOD_WEIGHED;
	must(&t, &t.office, trade_event(&t, LIANDAN__EVENT__BODY_STOCK_COUNTED, b));
}

/* A drum out of the yard's store, onto the manifest at hand where it is sealed on it. */
static inline void release(const char *container, int64_t mass_g, bool onto_manifest)
{
	Liandan__ContainerReleased *b =
	    TRADE_NEW(&t, Liandan__ContainerReleased, LIANDAN__CONTAINER_RELEASED__INIT);
	Liandan__Item *item = TRADE_NEW(&t, Liandan__Item, LIANDAN__ITEM__INIT);

	item->container = (char *)(uintptr_t)container;
	item->line = 1;
	item->mass_g = mass_g;
	b->items = trade_dup(&t, &item, sizeof item);
	b->n_items = 1;
	b->site = (char *)(uintptr_t) "gen-yard";
	b->storage = (char *)(uintptr_t) "TS001";
	b->destination = LIANDAN__DESTINATION__DESTINATION_OUTSOURCED;
	b->released_by = (char *)(uintptr_t) "clerk";
	if (onto_manifest)
		b->manifest = trade_bytes(t.id, sizeof t.id);
	b->batch = t.batch = trade_name(&t, "CK");
	must(&t, &t.office, trade_event(&t, LIANDAN__EVENT__BODY_CONTAINER_RELEASED, b));
}

/* ---- children of the manifest at hand: told apart by a byte of their ids ---- */

static inline ProtobufCBinaryData child_id(uint8_t tag)
{
	uint8_t *id = trade_dup(&t, t.id, sizeof t.id);

	id[1] = tag;
	return trade_bytes(id, sizeof t.id);
}

static inline Liandan__Item *part_item(const char *container, uint32_t line, int64_t mass_g)
{
	Liandan__Item *item = TRADE_NEW(&t, Liandan__Item, LIANDAN__ITEM__INIT);

	item->container = (char *)(uintptr_t)container;
	item->line = line;
	item->mass_g = mass_g;
	return item;
}

/* The drum, where it is named, and so much of the bulk are offered and taken as child `tag`. */
static inline void take_part(uint8_t tag, const char *drum, int64_t bulk_g)
{
	Liandan__Item *items[2] = {part_item("", 2, bulk_g), NULL};
	Liandan__Event *e = trade_offered(&t, 1, "haul");

	if (drum != NULL)
		items[1] = part_item(drum, 1, TRADE_DRUM_G);
	e->handover_offered->items = trade_dup(&t, items, sizeof items);
	e->handover_offered->n_items = drum != NULL ? 2 : 1;
	must(&t, &t.office, e);
	memcpy(t.offer, t.hash, sizeof t.offer);
	e = trade_taken(&t, 1, "T1", "p-d1");
	e->handover_taken->child = child_id(tag);
	must(&t, &t.d1, e);
}

static inline void take_all(struct signer *giver)
{
	must(&t, giver, trade_offered(&t, 1, "haul"));
	memcpy(t.offer, t.hash, sizeof t.offer);
	must(&t, &t.d1, trade_taken(&t, 1, "T1", "p-d1"));
}

/* At the pit's gate; then the pit, or the generator where it comes back, accepts what is named. */
static inline void bring(struct signer *to, const char *site)
{
	Liandan__Event *e = trade_arrived(&t, "T1");

	e->arrived->site = (char *)(uintptr_t)site;
	must(&t, &t.d1, e);
	e = trade_received(&t);
	e->received->site = (char *)(uintptr_t)site;
	must(&t, to, e);
}

static inline void accept_masses(struct signer *by, int64_t drum_g, int64_t bulk_g)
{
	Liandan__Event *e;
	Liandan__Accepted *b;

	must(&t, &t.scale, trade_weighed(&t, "scale", drum_g + bulk_g));
	e = trade_accepted(&t);
	b = e->accepted;
	b->lines[0]->mass_g = drum_g;
	b->lines[1]->mass_g = bulk_g;
	if (drum_g == 0)
		b->lines[0] = b->lines[--b->n_lines];
	must(&t, by, e);
}

/* Of bulk alone: so much is accepted, the rest refused and stays on site as child `tag`. */
static inline void refuse_part(uint8_t tag, int64_t accepted_g, int64_t refused_g)
{
	Liandan__PartlyAccepted *b =
	    TRADE_NEW(&t, Liandan__PartlyAccepted, LIANDAN__PARTLY_ACCEPTED__INIT);
	Liandan__RefusedItem *r = TRADE_NEW(&t, Liandan__RefusedItem, LIANDAN__REFUSED_ITEM__INIT);
	Liandan__AcceptedLine *l =
	    TRADE_NEW(&t, Liandan__AcceptedLine, LIANDAN__ACCEPTED_LINE__INIT);
	ProtobufCBinaryData ticket;

	must(&t, &t.scale, trade_weighed(&t, "scale", accepted_g + refused_g));
	ticket = trade_bytes(trade_dup(&t, t.ticket, sizeof t.ticket), sizeof t.ticket);
	b->manifest = trade_bytes(t.id, sizeof t.id);
	b->content = trade_bytes(t.content, sizeof t.content);
	l->line = 2;
	l->mass_g = accepted_g;
	l->mode = (char *)(uintptr_t) "R9";
	b->lines = trade_dup(&t, &l, sizeof l);
	b->n_lines = 1;
	b->tickets = trade_dup(&t, &ticket, sizeof ticket);
	b->n_tickets = 1;
	r->item = part_item("", 2, refused_g);
	r->reason = LIANDAN__REJECT_REASON__REJECT_REASON_PACKAGING;
	b->refused = trade_dup(&t, &r, sizeof r);
	b->n_refused = 1;
	b->waste_is_on = LIANDAN__WASTE_IS_ON__WASTE_IS_ON_SITE;
	b->child = child_id(tag);
	must(&t, &t.pit, trade_event(&t, LIANDAN__EVENT__BODY_PARTLY_ACCEPTED, b));
}

/* What was refused goes back to the yard, as child `tag`. */
static inline void send_back(uint8_t tag)
{
	Liandan__Redirected *b = TRADE_NEW(&t, Liandan__Redirected, LIANDAN__REDIRECTED__INIT);

	b->manifest = trade_bytes(t.id, sizeof t.id);
	b->child = child_id(tag);
	b->kind = LIANDAN__REDIRECT_KIND__REDIRECT_KIND_RETURN;
	b->receiver = TRADE_NEW(&t, Liandan__Receiver, LIANDAN__RECEIVER__INIT);
	b->receiver->party = (char *)(uintptr_t) "gen";
	b->receiver->site = (char *)(uintptr_t) "gen-yard";
	b->carrier = (char *)(uintptr_t) "haul";
	must(&t, &t.office, trade_event(&t, LIANDAN__EVENT__BODY_REDIRECTED, b));
}

/* ---- reading answers ---- */

static inline const char *word(const cJSON *row, const char *name)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, name));

	return s != NULL ? s : "";
}

static inline int64_t number(const cJSON *row, const char *name)
{
	char *end;
	const char *s = word(row, name);
	int64_t g = strtoll(s, &end, 10);

	if (*s == '\0' || *end != '\0')
		fail_msg("%s is \"%s\"", name, s);
	return g;
}

static inline int count(const cJSON *o, const char *list)
{
	return cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(o, list));
}

static inline const cJSON *row_of(const cJSON *o, const char *list, const char *name,
				  const char *value)
{
	const cJSON *row;

	cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(
				    o, list)) if (strcmp(word(row, name), value) == 0) return row;
	fail_msg("no %s of %s in %s", name, value, list);
	return NULL;
}

#endif
