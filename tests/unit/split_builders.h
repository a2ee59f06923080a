/* Hand-overs of a part, for manifest_fixture.h's world: another truck takes some of the load on a
 * child manifest. */
#ifndef LD_TESTS_SPLIT_BUILDERS_H
#define LD_TESTS_SPLIT_BUILDERS_H

#include "manifest_builders.h"

#define SP_PARENT 0x11 /* the fixture's manifest */
#define SP_CHILD 0xc1
#define SP_LINE1_G ((int64_t)MX_C1_G + MX_C2_G)
#define SP_ALL_G (SP_LINE1_G + MX_BULK_G)

static inline ProtobufCBinaryData sp_id(struct mx *x, uint8_t tag)
{
	uint8_t id[LD_UUID_BYTES];

	memset(id, tag, sizeof id);
	return mx_bytes(ld_arena_dup(&x->build, id, sizeof id), sizeof id);
}

/* The manifest of this tag is at hand. */
static inline void sp_at(struct mx *x, uint8_t tag)
{
	memset(x->id, tag, sizeof x->id);
}

static inline Custody__Manifest *sp_get(struct mx *x, uint8_t tag)
{
	Custody__Manifest *m;

	assert_int_equal(ld_manifest_get(&x->c, sp_id(x, tag), &m), LD_OK);
	return m;
}

static inline int64_t sp_items_g(const Custody__Manifest *m)
{
	int64_t sum = 0;

	for (size_t i = 0; i < m->n_items; i++)
		sum += m->items[i]->mass_g;
	return sum;
}

/* Items that a test puts together: of a drum (0: the mass is not said), or of bulk of line 2. */
struct sp_items {
	Liandan__Item *of[8];
	size_t n;
};

static inline void sp_drum(struct mx *x, struct sp_items *s, const char *container, int64_t mass_g)
{
	s->of[s->n++] = mx_item(x, container, 1, mass_g);
}

static inline void sp_bulk(struct mx *x, struct sp_items *s, int64_t mass_g)
{
	s->of[s->n++] = mx_item(x, "", 2, mass_g);
}

static inline Liandan__Item **sp_dup(struct mx *x, const struct sp_items *s)
{
	return ld_arena_dup(&x->build, s->of, (s->n + 1) * sizeof s->of[0]);
}

static inline Liandan__HandoverOffered *sp_offered(struct mx *x, uint32_t leg, const char *to,
						   const struct sp_items *s)
{
	Liandan__HandoverOffered *b = mx_offered(x, leg, to);

	b->items = sp_dup(x, s);
	b->n_items = s->n;
	return b;
}

/* Onto the child of that tag. */
static inline Liandan__HandoverTaken *sp_taken(struct mx *x, uint32_t leg, const char *plate,
					       uint8_t child, const struct sp_items *s)
{
	Liandan__HandoverTaken *b = mx_taken(x, leg, plate);

	b->child = sp_id(x, child);
	if (s != NULL) {
		b->items = sp_dup(x, s);
		b->n_items = s->n;
	}
	return b;
}

/* Offered and taken, leg 1, by CAR1 on V1. */
static inline Liandan__Reason sp_take(struct mx *x, uint8_t child, const struct sp_items *s)
{
	mx_clean(x, mx_offer(x, GEN, sp_offered(x, 1, "CAR1", s)));
	return mx_take(x, CAR1, sp_taken(x, 1, "V1", child, s));
}

/* A ticket that names the manifest at hand stands on it. */
static inline void sp_note(struct mx *x, ProtobufCBinaryData ticket)
{
	Custody__Manifest *m = mx_manifest(x);

	m->tickets = &ticket;
	m->n_tickets = 1;
	assert_int_equal(ld_manifest_put(&x->c, m), LD_OK);
}

/* The manifest at hand arrives on that plate, is received, and accepted as it is. */
static inline void sp_deliver(struct mx *x, enum mx_who driver, const char *plate)
{
	Liandan__Accepted *b;
	const Custody__Manifest *m;
	int64_t all = 0;

	x->now += LD_HOUR_MS;
	mx_clean(x, mx_arrive(x, driver, mx_arrived(x, plate)));
	mx_clean(x, mx_receive(x, REC, mx_received(x)));
	m = mx_manifest(x);
	b = mx_accepted_body(x);
	b->n_lines = 0;
	b->lines = ld_arena_alloc(&x->build, LD_MAX_LINES * sizeof *b->lines);
	for (size_t i = 0; i < m->created->n_lines; i++) {
		const uint32_t line = m->created->lines[i]->line;
		const int64_t g = ld_items_of_line_g(m->items, m->n_items, line);

		if (g != 0)
			b->lines[b->n_lines++] = mx_accepted_line(x, line, g);
		all += g;
	}
	mx_ticket(x, (uint8_t)(0x71 + x->id[0]), LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_GATE, all,
		  &b->tickets[0]);
	b->n_tickets = 0; /* what the gate weighs is test_weigh's */
	mx_accepted(x, mx_accept(x, REC, b));
	assert_int_equal(mx_state(x), CUSTODY__MANIFEST_STATE__CLOSED);
}

#endif
