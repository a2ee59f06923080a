/* Tickets and net masses. Integers only. */
#include "plugin/custody/weigh.h"

#include <string.h>

#include "plugin/custody/apply.h"
#include "plugin/custody/manifest.h"

#define MAX_TICKETS 64			   /* of one manifest, and cited at once */
#define SCALE_CLOCK_MS (30 * LD_MINUTE_MS) /* how far a scale's clock may be off */
#define DEFAULT_E_G 20000		   /* a truck scale of 30 to 60 t where nobody says */

/* OIML R 76-1:2006, table 6: initial maximum permissible error, in halves of e, up to a load in e.
 * In service twice that (3.5.2): so the halves are whole e. */
static const struct mpe_class {
	int64_t to_e[2]; /* 1 e in service up to here, 2 e up to here, else 3 e */
} classes[] = {
    [LIANDAN__ACCURACY_CLASS__ACCURACY_CLASS_UNSPECIFIED] = {{500, 2000}},
    [LIANDAN__ACCURACY_CLASS__ACCURACY_CLASS_I] = {{50000, 200000}},
    [LIANDAN__ACCURACY_CLASS__ACCURACY_CLASS_II] = {{5000, 20000}},
    [LIANDAN__ACCURACY_CLASS__ACCURACY_CLASS_III] = {{500, 2000}},
    [LIANDAN__ACCURACY_CLASS__ACCURACY_CLASS_IIII] = {{50, 200}},
};

/* The registered interval at this load; the ticket's own word only where nothing is registered, and
 * then never a wider one than usual. */
static int64_t interval_g(const Liandan__InstrumentRegistered *r, int64_t e_g, int64_t load_g)
{
	int64_t e = 0;

	for (size_t i = 0; r != NULL && i < r->n_ranges; i++) {
		e = r->ranges[i]->e_g;
		if (load_g <= r->ranges[i]->to_g)
			break;
	}
	if (e > 0)
		return e;
	return e_g > 0 && e_g < DEFAULT_E_G ? e_g : DEFAULT_E_G;
}

int64_t ld_weigh_mpe_g(const Custody__Instrument *ins, int64_t e_g, int64_t load_g)
{
	const Liandan__InstrumentRegistered *r = ins != NULL ? ins->registered : NULL;
	const int64_t load = load_g < 0 ? 0 : load_g;
	const int64_t e = interval_g(r, e_g, load);
	size_t class = r != NULL ? (size_t)r->class_ : 0;

	if (class >= sizeof classes / sizeof classes[0])
		class = 0;
	const int64_t n = load / e + (load % e != 0);

	return n <= classes[class].to_e[0] ? e : n <= classes[class].to_e[1] ? 2 * e : 3 * e;
}

static bool in_date(const Liandan__InstrumentVerified *v, int64_t at_ms)
{
	return v != NULL && at_ms >= v->at_ms && (v->to_ms == 0 || at_ms < v->to_ms);
}

static bool names(const Custody__Manifest *m, ProtobufCBinaryData ticket)
{
	for (size_t i = 0; i < m->n_tickets; i++)
		if (m->tickets[i].len == ticket.len &&
		    memcmp(m->tickets[i].data, ticket.data, ticket.len) == 0)
			return true;
	return false;
}

static enum ld_err manifest_note(struct ld_custody *c, const struct ld_fact *f,
				 ProtobufCBinaryData id, ProtobufCBinaryData ticket)
{
	Custody__Manifest *m;
	ProtobufCBinaryData *all;
	enum ld_err err = ld_manifest_get(c, id, &m);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	if (m->n_tickets >= MAX_TICKETS || names(m, ticket))
		return LD_OK;
	all = ld_arena_alloc(c->arena, (m->n_tickets + 1) * sizeof *all);
	if (all == NULL)
		return LD_ERR_NOMEM;
	if (m->n_tickets != 0)
		memcpy(all, m->tickets, m->n_tickets * sizeof *all);
	all[m->n_tickets++] = ticket;
	m->tickets = all;
	m->updated_index = f->index;
	m->updated_ms = f->recorded_at_ms;
	return ld_manifest_put(c, m);
}

enum ld_err ld_weigh_apply(struct ld_custody *c, const struct ld_fact *f)
{
	Liandan__Weighed *w = f->event->weighed;
	Custody__Ticket t = CUSTODY__TICKET__INIT;
	Custody__Instrument *ins = NULL;
	Custody__Ticket *had;
	enum ld_err err = ld_ticket_get(c, w->ticket, &had);

	if (err != LD_ERR_NOT_FOUND)
		return err; /* a ticket is written once */
	err = ld_instrument_get(c, w->instrument, &ins);
	if (err != LD_OK && err != LD_ERR_NOT_FOUND)
		return err;
	t.weighed = w;
	t.party = f->signer->party;
	t.occurred_at_ms = f->event->occurred_at_ms;
	t.index = f->index;
	t.certified =
	    ins != NULL && w->stable && !w->manual && in_date(ins->verified, t.occurred_at_ms);
	t.mpe_g = ld_weigh_mpe_g(ins, w->e_g, w->mass_g);
	err = ld_ticket_put(c, &t);
	/* up to 64 manifests of a thousand items each: what one took is given back */
	for (size_t i = 0; i < w->n_manifests && err == LD_OK; i++) {
		const size_t used = c->arena->used;

		err = manifest_note(c, f, w->manifests[i], w->ticket);
		c->arena->used = used;
	}
	return err;
}

/* What a set of tickets says. */
struct reading {
	const Custody__Ticket *ticket[MAX_TICKETS];
	bool used[MAX_TICKETS];
	size_t n;
};

/* In the ledger's order: which weighing was the first is not for who cites them to say. */
static void add(struct reading *r, const Custody__Ticket *t)
{
	size_t i = r->n++;

	for (; i > 0 && r->ticket[i - 1]->index > t->index; i--)
		r->ticket[i] = r->ticket[i - 1];
	r->ticket[i] = t;
}

static void take(struct reading *r, size_t i, int64_t sign, struct ld_net *out)
{
	const Custody__Ticket *t = r->ticket[i];
	int64_t sum;

	r->used[i] = true;
	if (!__builtin_add_overflow(out->net_g, sign * t->weighed->mass_g, &sum))
		out->net_g = sum;
	out->tolerance_g += t->mpe_g;
	out->certified = out->certified && t->certified;
	out->tickets++;
}

static bool same_thing(const Liandan__Weighed *a, const Liandan__Weighed *b)
{
	return strcmp(a->plate, b->plate) == 0 && strcmp(a->trailer, b->trailer) == 0 &&
	       strcmp(a->container, b->container) == 0;
}

/* Weighed again: the first weighing counts (CUSTODY-7), not the sum of both. */
static bool weighed_before(const struct reading *r, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (r->used[k] &&
		    r->ticket[k]->weighed->kind == LIANDAN__WEIGH_KIND__WEIGH_KIND_GROSS &&
		    same_thing(r->ticket[k]->weighed, r->ticket[i]->weighed))
			return true;
	return false;
}

/* Pairs: gross with the first unused tare of the same vehicle (and trailer). */
static void sum_up(struct reading *r, struct ld_net *out)
{
	out->certified = true;
	for (size_t i = 0; i < r->n; i++) {
		const Liandan__Weighed *g = r->ticket[i]->weighed;

		if (g->kind == LIANDAN__WEIGH_KIND__WEIGH_KIND_NET)
			take(r, i, 1, out);
		if (g->kind != LIANDAN__WEIGH_KIND__WEIGH_KIND_GROSS || weighed_before(r, i))
			continue;
		for (size_t k = 0; k < r->n; k++) {
			const Liandan__Weighed *x = r->ticket[k]->weighed;

			if (r->used[k] || x->kind != LIANDAN__WEIGH_KIND__WEIGH_KIND_TARE ||
			    !same_thing(x, g))
				continue;
			take(r, i, 1, out);
			take(r, k, -1, out);
			break;
		}
	}
	if (out->tickets == 0)
		*out = (struct ld_net){.unknown = out->unknown};
}

bool ld_ticket_fits(const Custody__Manifest *m, const Custody__Ticket *t)
{
	const Liandan__Weighed *w = t->weighed;
	bool named = w->n_manifests == 0;

	/* one that names none would serve every trip of this truck; a stored tare does */
	if (named && w->kind != LIANDAN__WEIGH_KIND__WEIGH_KIND_TARE &&
	    t->occurred_at_ms < m->taken_ms - SCALE_CLOCK_MS)
		return false;
	for (size_t i = 0; i < w->n_manifests && !named; i++)
		named = w->manifests[i].len == m->manifest.len &&
			memcmp(w->manifests[i].data, m->manifest.data, m->manifest.len) == 0;
	return named &&
	       (w->plate[0] == '\0' || m->plate[0] == '\0' || strcmp(w->plate, m->plate) == 0);
}

void ld_weigh_net(struct ld_custody *c, const ProtobufCBinaryData *tickets, size_t n,
		  struct ld_net *out)
{
	struct reading r = {.n = 0};

	*out = (struct ld_net){0};
	for (size_t i = 0; i < n && r.n < MAX_TICKETS; i++) {
		Custody__Ticket *t;
		bool twice = false;

		for (size_t k = 0; k < i && !twice; k++)
			twice = tickets[k].len == tickets[i].len &&
				memcmp(tickets[k].data, tickets[i].data, tickets[i].len) == 0;
		if (twice)
			continue;
		if (ld_ticket_get(c, tickets[i], &t) != LD_OK || t->weighed == NULL)
			out->unknown++;
		else
			add(&r, t);
	}
	sum_up(&r, out);
}

/* Of the loading of a part, which was then still the parent's: it came with the part. */
static bool of_part(const Custody__Manifest *m, const Custody__Ticket *t)
{
	return m->out_of.len != 0 && ld_same_id(t->weighed->manifests[0], m->out_of) &&
	       strcmp(t->weighed->plate, m->plate) == 0;
}

void ld_weigh_loaded(struct ld_custody *c, const Custody__Manifest *m, struct ld_net *out)
{
	struct reading r = {.n = 0};

	*out = (struct ld_net){0};
	for (size_t i = 0; i < m->n_tickets && r.n < MAX_TICKETS; i++) {
		Custody__Ticket *t;

		if (ld_ticket_get(c, m->tickets[i], &t) != LD_OK || t->weighed == NULL ||
		    t->weighed->purpose != LIANDAN__WEIGH_PURPOSE__WEIGH_PURPOSE_LOAD)
			continue;
		/* a ticket for several manifests says nothing of one of them, and one of another
		 * vehicle nothing of this load: whoever has a scale can name any manifest */
		if (t->weighed->n_manifests == 1 && (ld_ticket_fits(m, t) || of_part(m, t)))
			add(&r, t);
	}
	sum_up(&r, out);
}
