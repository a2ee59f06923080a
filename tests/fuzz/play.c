#include "tests/fuzz/play.h"

#include "plugin/custody/apply.h"
#include "plugin/custody/held.h"
#include "plugin/custody/judge.h"
#include "plugin/custody/region_internal.h"
#include "plugin/custody/site.h"
#include "proto/digest.h"
#include "proto/gate.h"

#define FIRST_INDEX 1000
#define WAITING 64

struct work {
	struct ld_fact fact[LD_MAX_OWN_EVENTS];
	struct ld_judgement judged[LD_MAX_OWN_EVENTS];
	size_t n;
};

void fz_play_open(struct fz_play *p)
{
	fz_region_open(&p->live);
	fz_region_open(&p->again);
	p->first_index = FIRST_INDEX;
	p->now_ms = FZ_NOW;
}

void fz_play_begin(struct fz_play *p)
{
	fz_region_reset(&p->live);
	fz_region_reset(&p->again);
	for (size_t i = 0; i < p->n; i++)
		free(p->entry[i].bytes);
	p->n = 0;
	p->n_hash = 0;
	memset(p->hash, 0, sizeof p->hash);
	p->now_ms = FZ_NOW;
}

/* Keeps the entry; what we write, the gate reads. False: no more room. */
static bool append(struct fz_play *p, const Liandan__Entry *e, uint64_t *index)
{
	size_t n = liandan__entry__get_packed_size(e);
	uint8_t *bytes;

	if (p->n == FZ_MAX_ENTRIES)
		return false;
	FZ_REQUIRE(n <= LD_MAX_ENTRY_BYTES);
	bytes = malloc(n);
	FZ_REQUIRE(bytes != NULL && liandan__entry__pack(e, bytes) == n);
	FZ_REQUIRE(ld_gate_check(&liandan__entry__descriptor, bytes, n, NULL) == LD_OK);
	*index = p->first_index + p->n;
	p->entry[p->n++] = (struct fz_entry){bytes, n};
	return true;
}

static bool append_own(struct fz_play *p, const Liandan__OwnEvent *own, uint64_t *index)
{
	Liandan__Entry e = LIANDAN__ENTRY__INIT;
	size_t n = liandan__own_event__get_packed_size(own);
	uint8_t *bytes = malloc(n + 1);
	struct ld_gate_fault fault = {0};
	bool there;

	FZ_REQUIRE(bytes != NULL && liandan__own_event__pack(own, bytes) == n);
	/* what the ledger writes, the gate reads */
	if (ld_gate_check(&liandan__own_event__descriptor, bytes, n, &fault) != LD_OK)
		fprintf(stderr, "own event: %s: %s\n", fault.field, fault.what);
	FZ_REQUIRE(fault.what == NULL);
	e.recorded_at_ms = p->now_ms;
	e.verdict = LIANDAN__VERDICT__ACCEPTED;
	e.content_case = LIANDAN__ENTRY__CONTENT_OWN_EVENT;
	e.own_event = (ProtobufCBinaryData){n, bytes};
	there = append(p, &e, index);
	free(bytes);
	return there;
}

/* A held event took effect: what follows from it is still to be drawn. */
static void freed(struct fz_play *p, const Liandan__HeldApplied *h, const struct ld_fact *f,
		  struct work *w)
{
	struct ld_judgement *j;

	(void)p;
	if (w == NULL || w->n == LD_MAX_OWN_EVENTS)
		return;
	w->fact[w->n] = *f;
	j = &w->judged[w->n++];
	memset(j, 0, sizeof *j);
	j->verdict = h->verdict;
	j->n_violations = h->n_violations;
	for (size_t i = 0; i < h->n_violations; i++)
		j->violations[i] = h->violations[i];
}

static void run_own(struct fz_play *p, struct ld_own_list *own, struct work *w)
{
	struct ld_custody *c = &p->live.c;

	for (size_t i = 0; i < own->n; i++) {
		const Liandan__OwnEvent *e = own->event[i];
		const Liandan__HeldApplied *h =
		    e->body_case == LIANDAN__OWN_EVENT__BODY_HELD_APPLIED ? e->held_applied : NULL;
		struct ld_fact f = {0};
		uint64_t index;

		if (h != NULL && ld_held_load(c, h->index, &f) != LD_OK)
			continue;
		if (!append_own(p, e, &index))
			return;
		FZ_REQUIRE(ld_apply_own(c, e, index, p->now_ms) == LD_OK);
		ld_follow_own(c, e, index, p->now_ms, own);
		if (h != NULL)
			freed(p, h, &f, w);
	}
}

static void try_held(struct fz_play *p, uint64_t index, struct work *w)
{
	struct ld_custody *c = &p->live.c;
	struct ld_own_list own = {.n = 0};
	Liandan__HeldApplied *h;
	struct ld_judgement j;
	struct ld_fact f;

	if (ld_held_load(c, index, &f) != LD_OK)
		return;
	ld_judge(c, &f, &j);
	if (j.verdict == LIANDAN__VERDICT__HELD)
		return;
	h = ld_own_add(c, &own, LIANDAN__OWN_EVENT__BODY_HELD_APPLIED);
	if (h == NULL)
		return;
	h->index = index;
	h->verdict = j.verdict;
	h->reason = j.reason;
	h->n_violations = j.n_violations;
	h->violations = j.violations;
	run_own(p, &own, w);
}

static void follow(struct fz_play *p, struct work *w)
{
	struct ld_custody *c = &p->live.c;

	for (size_t i = 0; i < w->n; i++) {
		struct ld_own_list own = {.n = 0};
		uint64_t waiting[WAITING];
		size_t n;

		ld_follow(c, &w->fact[i], &w->judged[i], &own);
		run_own(p, &own, w);
		n = ld_held_waiting(c, &w->fact[i], waiting, WAITING);
		for (size_t k = 0; k < n; k++)
			if (waiting[k] != w->fact[i].index)
				try_held(p, waiting[k], w);
	}
}

/* What region.c keeps whole: the event and its signatures (which nobody looks at here). */
static ProtobufCBinaryData envelope_of(struct fz_play *p, const Liandan__Event *e,
				       const uint8_t *event, size_t len)
{
	static uint8_t one[1] = {1};
	Liandan__Signature s[LD_MAX_SIGNATURES];
	Liandan__Signature *list[LD_MAX_SIGNATURES];
	Liandan__Envelope env = LIANDAN__ENVELOPE__INIT;
	ProtobufCBinaryData out;

	env.event = (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)event};
	env.signatures = list;
	for (size_t i = 0; i <= e->n_cosigners; i++) {
		liandan__signature__init(&s[i]);
		s[i].key_id = i == 0 ? e->submitter : e->cosigners[i - 1];
		s[i].signature = (ProtobufCBinaryData){1, one};
		list[env.n_signatures++] = &s[i];
	}
	out.len = liandan__envelope__get_packed_size(&env);
	out.data = ld_arena_alloc(&p->live.arena, out.len);
	FZ_REQUIRE(out.data != NULL && liandan__envelope__pack(&env, out.data) == out.len);
	return out;
}

bool fz_play_event(struct fz_play *p, const uint8_t *event, size_t len)
{
	struct ld_custody *c = &p->live.c;
	struct ld_fact f = {.event_bytes = event, .event_len = len, .recorded_at_ms = p->now_ms};
	Liandan__Entry entry = LIANDAN__ENTRY__INIT;
	uint8_t hash[LD_HASH_BYTES];
	struct ld_judgement j;
	Custody__Key *signer;
	struct work *w;

	ld_arena_reset(&p->live.arena);
	if (len > LD_MAX_ENVELOPE_BYTES - 1024 ||
	    ld_gate_check(&liandan__event__descriptor, event, len, NULL) != LD_OK)
		return false;
	f.event = liandan__event__unpack(&p->live.arena.pb, len, event);
	FZ_REQUIRE(f.event != NULL);
	if (ld_key_rec_get(c, f.event->submitter.data, &signer) != LD_OK)
		return false;
	f.signer = signer;
	ld_sha256(event, len, hash);
	f.event_hash = ld_arena_dup(&p->live.arena, hash, sizeof hash);
	FZ_REQUIRE(f.event_hash != NULL && ld_apply_cosigners(c, &f) == LD_OK);
	ld_judge(c, &f, &j);
	FZ_REQUIRE(j.verdict == LIANDAN__VERDICT__ACCEPTED || j.verdict == LIANDAN__VERDICT__HELD ||
		   j.verdict == LIANDAN__VERDICT__REFUSED);
	FZ_REQUIRE((j.verdict == LIANDAN__VERDICT__ACCEPTED) ==
		   (j.reason == LIANDAN__REASON__REASON_NONE));
	FZ_REQUIRE(j.verdict == LIANDAN__VERDICT__ACCEPTED || j.n_violations == 0);
	entry.recorded_at_ms = p->now_ms;
	entry.verdict = j.verdict;
	entry.reason = j.reason;
	entry.n_violations = j.n_violations;
	entry.violations = j.violations;
	entry.content_case = LIANDAN__ENTRY__CONTENT_ENVELOPE;
	entry.envelope = envelope_of(p, f.event, event, len);
	if (!append(p, &entry, &f.index))
		return false;
	FZ_REQUIRE(ld_apply_event(c, &f, j.verdict, j.reason, &entry.envelope) == LD_OK);
	memcpy(p->hash[p->n_hash++ % FZ_HASHES], hash, sizeof hash);
	w = ld_arena_alloc(&p->live.arena, sizeof *w);
	FZ_REQUIRE(w != NULL);
	w->n = 0;
	if (j.verdict != LIANDAN__VERDICT__HELD) {
		w->fact[0] = f;
		w->judged[0] = j;
		w->n = 1;
		follow(p, w);
	}
	return true;
}

void fz_play_time(struct fz_play *p, int64_t ms)
{
	struct ld_own_list own = {.n = 0};

	p->now_ms += ms;
	ld_arena_reset(&p->live.arena);
	ld_deadline_follow_time(&p->live.c, p->now_ms, LD_MAX_OWN_EVENTS / 4, &own);
	run_own(p, &own, NULL);
	own.n = 0;
	ld_follow_time(&p->live.c, p->now_ms, LD_MAX_OWN_EVENTS / 4, &own);
	run_own(p, &own, NULL);
}

/* CUSTODY, Stock and mass balance: opening + generated + received - treated - shipped - loss = in
 * stock. */
static int check_stock(void *ctx, const uint8_t *k, size_t k_len, const uint8_t *value, size_t len)
{
	struct fz_play *p = ctx;
	Custody__Stock *s = custody__stock__unpack(&p->live.arena.pb, len, value);

	(void)k, (void)k_len;
	FZ_REQUIRE(s != NULL);
	FZ_REQUIRE(s->generated_g + s->received_g - s->treated_g - s->shipped_g - s->lost_g ==
		   s->in_stock_g);
	FZ_REQUIRE(s->generated_g >= 0 && s->received_g >= 0 && s->treated_g >= 0 &&
		   s->shipped_g >= 0);
	FZ_REQUIRE(s->bound_g >= 0);
	return 0;
}

/* Invariant 2: waste under way has exactly one holder, and a closed manifest none of its clocks. */
static int check_manifest(void *ctx, const uint8_t *k, size_t k_len, const uint8_t *value,
			  size_t len)
{
	struct fz_play *p = ctx;
	Custody__Manifest *m = custody__manifest__unpack(&p->live.arena.pb, len, value);

	(void)k, (void)k_len;
	FZ_REQUIRE(m != NULL && m->created != NULL);
	FZ_REQUIRE(m->state != CUSTODY__MANIFEST_STATE__MANIFEST_STATE_UNSPECIFIED);
	if (m->state == CUSTODY__MANIFEST_STATE__IN_TRANSIT ||
	    m->state == CUSTODY__MANIFEST_STATE__ARRIVED)
		FZ_REQUIRE(m->holder[0] != '\0' && m->plate[0] != '\0' && m->leg >= 1);
	return 0;
}

void fz_play_check(struct fz_play *p)
{
	struct ld_hash live, again;

	ld_arena_reset(&p->live.arena);
	FZ_REQUIRE(ld_state_walk(p->live.c.state, LD_T_STOCK, NULL, 0, NULL, 0, check_stock, p,
				 NULL) == LD_OK);
	FZ_REQUIRE(ld_state_walk(p->live.c.state, LD_T_MANIFEST, NULL, 0, NULL, 0, check_manifest,
				 p, NULL) == LD_OK);
	/* Invariant 6: state = replay(ledger) */
	for (size_t i = 0; i < p->n; i++) {
		ld_arena_reset(&p->again.arena);
		FZ_REQUIRE(ld_apply_entry(&p->again.c, p->first_index + i, p->entry[i].bytes,
					  p->entry[i].len) == LD_OK);
	}
	FZ_REQUIRE(ld_state_digest(p->live.c.state, &live) == LD_OK);
	FZ_REQUIRE(ld_state_digest(p->again.c.state, &again) == LD_OK);
	FZ_REQUIRE(memcmp(&live, &again, sizeof live) == 0);
}
