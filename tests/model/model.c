/* The real region, with its real LMDB, and the naive model, side by side over random walks: after
 * each event they must have said the same, and states, holders, containers and stock must be the
 * same; at the end the ledger alone must give the same state again.
 *
 *   model [--seed N] [--walks N] [--events N] [--every-kind] [--wrong N] [--wrong-rules]
 *         [--verbose]
 *
 * Walk i has seed N + i. Prints, of the first difference, the seed and the number of steps that
 * suffice. --every-kind: each event of the table must have been accepted and refused, and where its
 * row lets it wait, held and accepted later, and each way must have been gone to its end; else
 * walks have gone blind. --wrong N: the model has a rule that is wrong (naive.h); --wrong-rules:
 * each of them in turn, and every one must be noticed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "plugin/custody/apply.h"
#include "plugin/custody/manifest.h"
#include "plugin/custody/table.h"
#include "plugin/custody/tables.h"
#include "proto/verdict.h"
#include "tests/model/walk.h"

#define FULL_EVERY 200
#define SHOWN 40

/* ---- time: this thread's clocks stand still until somebody lets them run ---- */

static __thread bool virtual;
static int64_t passed_ms;

int clock_gettime(clockid_t id, struct timespec *t)
{
	static struct timespec began[16];
	const bool ours = virtual && (id == CLOCK_REALTIME || id == CLOCK_BOOTTIME);
	int64_t ns;

	if (!ours)
		return (int)syscall(SYS_clock_gettime, id, t);
	if (began[id].tv_sec == 0 && syscall(SYS_clock_gettime, id, &began[id]) != 0)
		return -1;
	ns = began[id].tv_nsec + passed_ms % 1000 * 1000000;
	t->tv_sec = began[id].tv_sec + passed_ms / 1000 + ns / 1000000000;
	t->tv_nsec = ns % 1000000000;
	return 0;
}

/* ---- one walk ---- */

struct line {
	char text[128];
	uint8_t hash[LD_HASH_BYTES]; /* of its event */
};

/* Of one kind of event, how often each verdict was said; and how often what was HELD was ACCEPTED
 * later. */
struct tally {
	uint64_t said[LIANDAN__VERDICT__REFUSED + 1], later;
};
#define BODIES 512 /* Event's field numbers are below */

/* How a manifest went, all the way to its end. */
#define WAYS(W)                                                                                    \
	W(NORMAL, m->accepted && !m->flows && KIND(NORMAL))                                        \
	W(PIPELINE, m->accepted && m->flows)                                                       \
	W(FORWARD, m->accepted &&KIND(FORWARD))                                                    \
	W(FORWARD_NOT_PICKED_UP, m->n_shares != 0 && !m->shares_counted)                           \
	W(FORWARD_IN_PARTS, m->passed != 0 && KIND(FORWARD))                                       \
	W(SPLIT, m->accepted &&KIND(SPLIT))                                                        \
	W(RETURN, m->accepted &&KIND(RETURN))                                                      \
	W(REDIRECT, m->accepted &&KIND(REDIRECT))                                                  \
	W(AMENDED, m->accepted && m->version > 1)                                                  \
	W(GRANTED, m->accepted && m->created->approval[0] != '\0' && KIND(NORMAL))                 \
	W(DELEGATED, m->accepted && m->delegation[0] != '\0')                                      \
	W(CLOSED_WHEN_TREATED, m->accepted && m->closes_treated && STATE(CLOSED))                  \
	W(AWAITS_TREATMENT, m->accepted && (STATE(ACCEPTED_ALL) || STATE(PARTLY_ACCEPTED)))        \
	W(GONE, m->gone)                                                                           \
	W(CANCELLED, m->sealed &&STATE(CANCELLED))                                                 \
	W(EXPIRED, m->sealed &&STATE(EXPIRED))
#define KIND(kind_) (m->created->kind == LIANDAN__MANIFEST_KIND__MANIFEST_KIND_##kind_)
#define STATE(state_) (m->state == CUSTODY__MANIFEST_STATE__##state_)
enum way {
#define W(name, is) WAY_##name,
	WAYS(W)
#undef W
	    N_WAYS
};

struct seen {
	struct tally of[BODIES];
	uint64_t way[N_WAYS];
};

struct run {
	struct walk walk;
	struct nv nv;
	uint64_t seed;
	size_t step;
	bool quiet, verbose;
	bool differs;
	struct line *story; /* of each step */
	size_t cap;
	struct seen *seen;
};

static struct run *at; /* of `differ`, which is called from the depth of walks over tables */

static void differ(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void differ(const char *fmt, ...)
{
	va_list ap;
	char text[400];
	const char *tag;

	if (at->differs)
		return;
	at->differs = true;
	if (at->quiet)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	fprintf(stderr, "seed %" PRIu64 ", step %zu: %s\n", at->seed, at->step, text);
	fprintf(stderr, "the shortest prefix: model --seed %" PRIu64 " --walks 1 --events %zu\n",
		at->seed, at->step);
	/* what happened to the same consignment */
	tag = strstr(at->story[at->step - 1].text, " of ");
	for (size_t i = 0; tag != NULL && i < at->step; i++) {
		const char *other = strstr(at->story[i].text, " of ");

		if (other != NULL && strncmp(tag, other, 8) == 0)
			fprintf(stderr, "  %6zu %s\n", i + 1, at->story[i].text);
	}
}

static void story(struct run *r, const char *what, const uint8_t *hash, const struct ld_outcome *o)
{
	struct line *l;

	while (r->step >= r->cap) {
		r->cap = r->cap == 0 ? 1024 : 2 * r->cap;
		r->story = realloc(r->story, r->cap * sizeof *r->story);
		if (r->story == NULL)
			abort();
	}
	l = &r->story[r->step++];
	memcpy(l->hash, hash, sizeof l->hash);
	if (o == NULL)
		snprintf(l->text, sizeof l->text, "%s", what);
	else
		snprintf(l->text, sizeof l->text, "%.64s: %s %s%s", what,
			 ld_verdict_name(o->verdict), ld_reason_name(o->reason),
			 o->duplicate ? " again" : "");
	if (r->verbose)
		fprintf(stderr, "%6zu %s\n", r->step, l->text);
}

/* ---- both are asked the same ---- */

static const char *name_of_state(Custody__ManifestState s)
{
	const ProtobufCEnumValue *v =
	    protobuf_c_enum_descriptor_get_value(&custody__manifest_state__descriptor, (int)s);

	return v != NULL ? v->name : "?";
}

static void same_text(const char *of, const char *what, const char *region, const char *model)
{
	if (strcmp(region, model) != 0)
		differ("%s: %s is %s for the region, %s for the model", of, what, region, model);
}

static void same_mass(const char *of, const char *what, int64_t region, int64_t model)
{
	if (region != model)
		differ("%s: %s is %" PRId64 " g for the region, %" PRId64 " g for the model", of,
		       what, region, model);
}

#define FLAGS                                                                                      \
	((uint32_t)(CUSTODY__MANIFEST_FLAG__FLAG_STOPPED | CUSTODY__MANIFEST_FLAG__FLAG_IN_STORAGE))

static void same_signers(const char *of, const Custody__Manifest *r, const struct nv_manifest *m)
{
	if (r->n_signed_by != m->n_signed)
		differ("%s: %zu have signed for the region, %zu for the model", of, r->n_signed_by,
		       m->n_signed);
	for (size_t i = 0; i < r->n_signed_by && i < m->n_signed; i++)
		same_text(of, "who has signed", r->signed_by[i]->party, m->signed_by[i]);
	if ((r->proposal != NULL) != (m->proposal != NULL))
		differ("%s: an amendment is open for one of them only", of);
}

static const struct nv_line *line_of(const struct nv_manifest *m, uint32_t line)
{
	static const struct nv_line none;

	for (size_t i = 0; i < m->n_lines; i++)
		if (m->line[i].line == line)
			return &m->line[i];
	return &none;
}

/* By pipeline; what was accepted, by road or pipeline, and what of it is on other manifests. */
static void same_flows(const char *of, const Custody__Manifest *r, const struct nv_manifest *m)
{
	if ((r->n_flows != 0) != m->flows)
		differ("%s: it goes by pipeline for one of them only", of);
	for (size_t i = 0; i < r->n_flows; i++) {
		const struct nv_line *l = line_of(m, r->flows[i]->line);

		same_mass(of, "a line, flowed", r->flows[i]->out_g, l->flowed_g);
		if (r->flows[i]->days != l->days)
			differ("%s: a line has flowed on %u days for the region, %u for the model",
			       of, r->flows[i]->days, l->days);
	}
	for (size_t i = 0; i < r->n_shared; i++) {
		const struct nv_line *l = line_of(m, r->shared[i]->line);

		same_mass(of, "a line, on others", r->shared[i]->mass_g, l->shared_g);
		same_mass(of, "bulk of a line, gone on others", r->shared[i]->bulk_gone_g,
			  l->bulk_gone_g);
	}
	same_mass(of, "gone on others", r->forwarded_g, m->forwarded_g);
	for (size_t i = 0; i < m->n_lines; i++) {
		int64_t accepted = 0;

		for (size_t k = 0; k < r->n_accepted; k++)
			if (r->accepted[k]->line == m->line[i].line)
				accepted += r->accepted[k]->mass_g;
		same_mass(of, "a line, accepted", accepted, m->line[i].accepted_g);
	}
}

static void same_manifest(const Custody__Manifest *r, const struct nv_manifest *m)
{
	uint32_t flags = (m->stopped ? CUSTODY__MANIFEST_FLAG__FLAG_STOPPED : 0u) |
			 (m->stored ? CUSTODY__MANIFEST_FLAG__FLAG_IN_STORAGE : 0u);
	char id[16];

	snprintf(id, sizeof id, "manifest %02x%02x", m->id[14], m->id[15]);
	same_text(id, "its state", name_of_state(r->state), name_of_state(m->state));
	same_text(id, "its holder", r->holder, m->holder);
	same_text(id, "its vehicle", r->plate, m->plate);
	if (r->leg != m->leg)
		differ("%s: leg %u for the region, %u for the model", id, r->leg, m->leg);
	if ((r->flags & FLAGS) != flags)
		differ("%s: flags %#x for the region, %#x for the model", id, r->flags & FLAGS,
		       flags);
	if ((r->offer != NULL && !r->offer->closed) != m->offer.open)
		differ("%s: its offer is open for one of them only", id);
	same_signers(id, r, m);
	same_flows(id, r, m);
	for (size_t i = 0; i < r->n_lines; i++) /* grams add, line by line */
		same_mass(id, "a line, taken",
			  r->lines[i]->accepted_g + r->lines[i]->passed_g + r->lines[i]->loss_g,
			  r->lines[i]->taken_g);
}

static void same_container(const Custody__Container *r, const struct nv_container *k)
{
	if (r->state != k->state)
		differ("%s: state %d for the region, %d for the model", k->name, (int)r->state,
		       (int)k->state);
	same_text(k->name, "who has it", r->party, k->party);
	same_text(k->name, "its site", r->site, k->site);
	same_mass(k->name, "its mass", r->mass_g, k->mass_g);
}

static void same_stock(const Custody__Stock *r, const struct nv_stock *s)
{
	char of[4 * NV_ID];

	snprintf(of, sizeof of, "stock of %s at %s, %s", s->party, s->site, s->code);
	same_mass(of, "generated", r->generated_g, s->generated_g);
	same_mass(of, "received", r->received_g, s->received_g);
	same_mass(of, "treated", r->treated_g, s->treated_g);
	same_mass(of, "shipped", r->shipped_g, s->shipped_g);
	same_mass(of, "lost", r->lost_g, s->lost_g);
	same_mass(of, "in stock", r->in_stock_g, nv_in_stock(s));
	same_mass(of, "bound", r->bound_g, s->bound_g);
}

/* ---- after each step: what may have changed ---- */

static struct ld_custody *custody(struct run *r)
{
	return ld_region_custody(r->walk.world.region);
}

static void look_at_manifest(struct run *r, const uint8_t *id)
{
	const struct nv_manifest *m = nv_manifest_of(&r->nv, id);
	Custody__Manifest *rec;
	enum ld_err err;

	ld_arena_reset(custody(r)->arena);
	err = ld_manifest_get(custody(r),
			      (ProtobufCBinaryData){LD_UUID_BYTES, (uint8_t *)(uintptr_t)id}, &rec);
	if ((err == LD_OK) != (m != NULL))
		differ("manifest %02x%02x is here for one of them only", id[14], id[15]);
	else if (m != NULL)
		same_manifest(rec, m);
	for (size_t i = 0; m != NULL && i < m->n_items; i++) {
		Custody__Container *k;

		if (m->item[i].container[0] != '\0' &&
		    ld_container_get(custody(r), m->item[i].container, &k) == LD_OK)
			same_container(k, nv_container_named(&r->nv, m->item[i].container));
	}
}

static void look_at_stock(struct run *r)
{
	for (size_t i = 0; i < r->nv.n_stock; i++) {
		const struct nv_stock *s = &r->nv.stock[i];
		Custody__Stock none = CUSTODY__STOCK__INIT, *rec = &none;

		ld_arena_reset(custody(r)->arena);
		if (ld_stock_get(custody(r), s->party, s->site, s->code, &rec) != LD_OK)
			rec = &none;
		same_stock(rec, s);
	}
}

static const char *told(const struct run *r, const uint8_t *hash)
{
	for (size_t i = 0; i < r->step; i++)
		if (memcmp(r->story[i].hash, hash, LD_HASH_BYTES) == 0)
			return r->story[i].text;
	return "?";
}

static void look_at_held(struct run *r, uint8_t (*held)[LD_HASH_BYTES], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct nv_effect *e = nv_effect_of(&r->nv, held[i]);
		Custody__Effect *rec;

		ld_arena_reset(custody(r)->arena);
		if (ld_effect_get(custody(r), held[i], &rec) != LD_OK)
			differ("%s: no effect for the region", told(r, held[i]));
		else if (rec->verdict == LIANDAN__VERDICT__ACCEPTED)
			r->seen->of[e->body].later++;
		if (!r->differs && rec->verdict != e->verdict)
			differ("%s: now %s for the region, %s for the model", told(r, held[i]),
			       ld_verdict_name(rec->verdict), ld_verdict_name(e->verdict));
	}
}

/* ---- now and then: everything ---- */

struct all {
	struct run *r;
	size_t n;
};

static int each_manifest(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
			 size_t len)
{
	struct all *a = ctx;
	Custody__Manifest *rec = custody__manifest__unpack(NULL, len, value);
	const struct nv_manifest *m;

	(void)key, (void)key_len;
	if (rec == NULL)
		abort();
	m = nv_manifest_of(&a->r->nv, rec->manifest.data);
	if (m == NULL)
		differ("the region has a manifest more");
	else
		same_manifest(rec, m);
	custody__manifest__free_unpacked(rec, NULL);
	a->n++;
	return 0;
}

static int each_container(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
			  size_t len)
{
	struct all *a = ctx;
	Custody__Container *rec = custody__container__unpack(NULL, len, value);
	const struct nv_container *k;

	(void)key, (void)key_len;
	if (rec == NULL)
		abort();
	k = nv_container_named(&a->r->nv, rec->container);
	if (k == NULL)
		differ("the region has a container more: %s", rec->container);
	else
		same_container(rec, k);
	custody__container__free_unpacked(rec, NULL);
	a->n++;
	return 0;
}

struct contents {
	const Custody__Stock *of;
	int64_t g;
};

static int each_content(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
			size_t len)
{
	struct contents *in = ctx;
	Custody__Container *rec = custody__container__unpack(NULL, len, value);

	(void)key, (void)key_len;
	if (rec == NULL)
		abort();
	if (ld_container_in_stock(rec) && strcmp(rec->party, in->of->party) == 0 &&
	    strcmp(rec->site, in->of->site) == 0 && strcmp(rec->code, in->of->code) == 0)
		in->g += rec->mass_g;
	custody__container__free_unpacked(rec, NULL);
	return 0;
}

/* What the book has in containers is what those that stand there hold. */
static void same_contents(struct run *r, const Custody__Stock *s)
{
	struct contents in = {.of = s};

	ld_state_walk(custody(r)->state, LD_T_CONTAINER, NULL, 0, NULL, 0, each_content, &in, NULL);
	same_mass(s->site, "in containers, added up", s->contained_g, in.g);
}

static int each_stock(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		      size_t len)
{
	struct all *a = ctx;
	Custody__Stock *rec = custody__stock__unpack(NULL, len, value);

	(void)key, (void)key_len;
	if (rec == NULL)
		abort();
	same_stock(rec, nv_stock_at(&a->r->nv, rec->party, rec->site, rec->code));
	/* CUSTODY: booked grams add exactly */
	same_mass(rec->site, "in stock, added up", rec->in_stock_g,
		  rec->generated_g + rec->received_g - rec->treated_g - rec->shipped_g -
		      rec->lost_g);
	same_contents(a->r, rec);
	custody__stock__free_unpacked(rec, NULL);
	return 0;
}

static void look_at_all(struct run *r)
{
	struct ld_state *state = custody(r)->state;
	struct all manifests = {.r = r}, containers = {.r = r}, stock = {.r = r};

	ld_state_walk(state, LD_T_MANIFEST, NULL, 0, NULL, 0, each_manifest, &manifests, NULL);
	ld_state_walk(state, LD_T_CONTAINER, NULL, 0, NULL, 0, each_container, &containers, NULL);
	ld_state_walk(state, LD_T_STOCK, NULL, 0, NULL, 0, each_stock, &stock, NULL);
	if (manifests.n != r->nv.n_manifest || containers.n != r->nv.n_container)
		differ("%zu manifests and %zu containers for the region, %zu and %zu for the model",
		       manifests.n, containers.n, r->nv.n_manifest, r->nv.n_container);
	look_at_stock(r);
	if (nv_forgotten(&r->nv) != NULL)
		differ("%s: it waits for nothing any more", told(r, nv_forgotten(&r->nv)->hash));
}

/* State = replay(ledger). */
static void replay(struct run *r)
{
	struct world *w = &r->walk.world;
	struct ld_state *again;
	struct ld_hash live, replayed;
	char why[256] = "";

	if (ld_region_flush(w->region) != LD_OK || ld_state_open_scratch(&again) != LD_OK)
		abort();
	if (ld_region_replay(ld_region_core(w->region), again, ld_region_name(w->region),
			     w->ledger_id, 0, ld_region_head(w->region)->size, NULL, NULL, why,
			     sizeof why) != LD_OK)
		differ("the ledger cannot be replayed: %s", why);
	else if (ld_state_digest(custody(r)->state, &live) != LD_OK ||
		 ld_state_digest(again, &replayed) != LD_OK)
		abort();
	else if (memcmp(&live, &replayed, sizeof live) != 0)
		differ("the ledger replayed gives another state");
	ld_state_close(again);
}

/* ---- a step ---- */

static void compare(struct run *r, const struct walk_step *s, const struct nv_said *said)
{
	const struct ld_outcome *o = &r->walk.world.out;

	if (o->verdict != said->verdict ||
	    (said->reason != LIANDAN__REASON__REASON_NONE && said->reason != o->reason))
		differ("%s: %s %s for the region (%s), %s %s for the model", s->sealed.what,
		       ld_verdict_name(o->verdict), ld_reason_name(o->reason), o->detail,
		       ld_verdict_name(said->verdict), ld_reason_name(said->reason));
}

static void send(struct run *r, const struct walk_step *s)
{
	struct world *w = &r->walk.world;
	Liandan__Envelope *env = liandan__envelope__unpack(NULL, s->sealed.len, s->sealed.bytes);
	Liandan__Event *e =
	    env != NULL ? liandan__event__unpack(NULL, env->event.len, env->event.data) : NULL;
	size_t n = r->nv.n_held;
	uint8_t(*held)[LD_HASH_BYTES] = malloc((n + 1) * sizeof *held);
	struct nv_said said;

	if (e == NULL || held == NULL)
		abort();
	for (size_t i = 0; i < n; i++)
		memcpy(held[i], r->nv.held[i].hash, LD_HASH_BYTES);
	world_submit(w, &s->by->s, s->sealed.bytes, s->sealed.len);
	said = nv_submit(&r->nv, e, s->sealed.hash, ld_region_now(w->region));
	story(r, s->sealed.what, s->sealed.hash, &w->out);
	compare(r, s, &said);
	if (w->out.verdict <= LIANDAN__VERDICT__REFUSED)
		r->seen->of[e->body_case].said[w->out.verdict]++;
	if (!r->differs) {
		look_at_held(r, held, n);
		for (size_t i = 0; i < WALK_PLANS; i++)
			look_at_manifest(r, r->walk.plan[i].id);
		look_at_stock(r);
		if (nv_forgotten(&r->nv) != NULL)
			differ("%s: it waits for nothing any more",
			       told(r, nv_forgotten(&r->nv)->hash));
	}
	liandan__event__free_unpacked(e, NULL);
	liandan__envelope__free_unpacked(env, NULL);
	free(held);
}

static void send_again(struct run *r, const struct walk_step *s)
{
	struct world *w = &r->walk.world;
	const uint64_t before = ld_region_head(w->region)->size;

	world_submit(w, &s->by->s, s->sealed.bytes, s->sealed.len);
	story(r, s->sealed.what, s->sealed.hash, &w->out);
	if (!w->out.duplicate || ld_region_head(w->region)->size != before)
		differ("%s: what was sent before is taken for new", s->sealed.what);
}

/* Clocks run out 500 at a time, and events are THROTTLED meanwhile. */
static void all_clocks(struct run *r)
{
	struct ld_region *region = r->walk.world.region;
	uint64_t before;
	bool advanced;

	do {
		passed_ms += 100; /* it looks at the time no oftener */
		before = ld_region_head(region)->size;
		if (ld_region_tick(region, &advanced) != LD_OK)
			differ("the region's tick fails");
	} while (!r->differs && ld_region_head(region)->size != before);
	nv_clocks(&r->nv, ld_region_now(region));
}

static void one_step(struct run *r, const struct walk_step *s)
{
	int64_t last_ms;

	passed_ms += s->pass_ms;
	all_clocks(r);
	switch (s->kind) {
	case WALK_SEND:
		send(r, s);
		break;
	case WALK_AGAIN_SENT:
		send_again(r, s);
		break;
	case WALK_RESTART:
		last_ms = ld_region_head(r->walk.world.region)->last_recorded_at_ms;
		world_reopen(&r->walk.world);
		nv_start(&r->nv, ld_region_now(r->walk.world.region), last_ms);
		story(r, "the region starts again", s->sealed.hash, NULL);
		look_at_all(r);
		break;
	case WALK_END:
		return;
	}
	if (r->step % FULL_EVERY == 0)
		look_at_all(r);
}

static void count_ways(struct seen *s, const struct nv_manifest *m)
{
#define W(name, is) s->way[WAY_##name] += (is);
	WAYS(W)
#undef W
}

/* true: they agree all the way. */
static bool walk(uint64_t seed, size_t events, enum nv_wrong wrong, bool quiet, bool verbose,
		 struct seen *seen)
{
	static struct run r;
	struct walk_step s = {.kind = WALK_SEND};

	memset(&r, 0, sizeof r);
	r.seed = seed;
	r.quiet = quiet;
	r.verbose = verbose;
	r.seen = seen;
	at = &r;
	nv_new(&r.nv, wrong);
	walk_new(&r.walk, &r.nv, seed);
	while (!r.differs && s.kind != WALK_END) {
		if (r.step == events)
			walk_drain(&r.walk);
		walk_next(&r.walk, &s);
		one_step(&r, &s);
		free(s.sealed.bytes);
	}
	if (!r.differs) {
		look_at_all(&r);
		replay(&r);
	}
	for (size_t i = 0; i < r.nv.n_manifest; i++)
		count_ways(seen, &r.nv.manifest[i]);
	walk_free(&r.walk);
	nv_free(&r.nv);
	free(r.story);
	return !r.differs;
}

/* ---- how much they have seen ---- */

static struct tally sum_of(const struct seen *s)
{
	struct tally sum = {0};

	for (size_t i = 0; i < BODIES; i++) {
		for (size_t k = 0; k <= LIANDAN__VERDICT__REFUSED; k++)
			sum.said[k] += s->of[i].said[k];
		sum.later += s->of[i].later;
	}
	return sum;
}

static uint64_t events_of(struct tally t)
{
	return t.said[LIANDAN__VERDICT__ACCEPTED] + t.said[LIANDAN__VERDICT__HELD] +
	       t.said[LIANDAN__VERDICT__REFUSED];
}

static bool seen_all(const struct tally *t, Liandan__Event__BodyCase body, bool waits)
{
	const uint64_t accepted = t->said[LIANDAN__VERDICT__ACCEPTED],
		       held = t->said[LIANDAN__VERDICT__HELD],
		       refused = t->said[LIANDAN__VERDICT__REFUSED];
	const bool all = accepted != 0 && refused != 0 && (!waits || (held != 0 && t->later != 0));

	printf("%-26s %7" PRIu64 " accepted %6" PRIu64 " held %6" PRIu64 " later %6" PRIu64
	       " refused%s\n",
	       protobuf_c_message_descriptor_get_field(&liandan__event__descriptor, (unsigned)body)
		   ->name,
	       accepted, held, t->later, refused, all ? "" : "  NOT SEEN");
	return all;
}

/* Every row of the table, and what walks do beside it. */
static bool every_kind(const struct seen *s)
{
	static const char *const ways[] = {
#define W(name, is) #name,
	    WAYS(W)
#undef W
	};
	static const Liandan__Event__BodyCase beside[] = {
	    LIANDAN__EVENT__BODY_RULES_ADOPTED,	    LIANDAN__EVENT__BODY_DELEGATION_GRANTED,
	    LIANDAN__EVENT__BODY_TRANSFER_APPROVED, LIANDAN__EVENT__BODY_TRANSFER_DENIED,
	    LIANDAN__EVENT__BODY_HOLD_PLACED,	    LIANDAN__EVENT__BODY_HOLD_RELEASED};
	bool all = true;

	for (size_t i = 0; i < ld_table_rows; i++)
		all &= seen_all(&s->of[ld_table[i].body], ld_table[i].body, ld_table[i].waits != 0);
	for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++)
		all &= seen_all(&s->of[beside[i]], beside[i], false);
	for (size_t i = 0; i < N_WAYS; i++) {
		printf("%-26s %7" PRIu64 "%s\n", ways[i], s->way[i],
		       s->way[i] != 0 ? "" : "  NOT SEEN");
		all &= s->way[i] != 0;
	}
	return all;
}

/* Each wrong rule must be noticed. */
static int wrong_rules(uint64_t seed, size_t walks, size_t events)
{
	int missed = 0;

	for (unsigned wrong = NV_RIGHT + 1; wrong < NV_WRONG_RULES; wrong++) {
		static struct seen seen;
		size_t i = 0;

		memset(&seen, 0, sizeof seen);

		while (i < walks && walk(seed + i, events, wrong, true, false, &seen))
			i++;
		printf("%s: %s", nv_wrong_text(wrong), i < walks ? "noticed" : "NOT NOTICED");
		printf(" after %" PRIu64 " events\n", events_of(sum_of(&seen)));
		missed += i == walks;
	}
	return missed;
}

int main(int argc, char **argv)
{
	static struct seen seen;
	struct tally sum;
	uint64_t seed = 1;
	size_t walks = 8, events = 2500, good = 0;
	unsigned wrong = NV_RIGHT;
	bool verbose = false, all_wrong = false, all_kinds = false, ok;

	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--verbose") == 0)
			verbose = true;
		else if (strcmp(argv[i], "--wrong-rules") == 0)
			all_wrong = true;
		else if (strcmp(argv[i], "--every-kind") == 0)
			all_kinds = true;
		else if (strcmp(argv[i], "--seed") == 0)
			seed = strtoull(value, NULL, 10), i++;
		else if (strcmp(argv[i], "--walks") == 0)
			walks = strtoull(value, NULL, 10), i++;
		else if (strcmp(argv[i], "--events") == 0)
			events = strtoull(value, NULL, 10), i++;
		else if (strcmp(argv[i], "--wrong") == 0)
			wrong = (unsigned)strtoul(value, NULL, 10) % NV_WRONG_RULES, i++;
		else {
			fprintf(stderr, "model [--seed N] [--walks N] [--events N] [--every-kind] "
					"[--wrong N] [--wrong-rules] [--verbose]\n");
			return 2;
		}
	}
	/* what a disk does is tested elsewhere (tests/crash) */
	if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	virtual = true;
	if (all_wrong)
		return wrong_rules(seed, walks, events) == 0 ? 0 : 1;
	while (good < walks && walk(seed + good, events, wrong, false, verbose, &seen))
		good++;
	sum = sum_of(&seen);
	printf("%zu walks of %zu: %" PRIu64 " accepted, %" PRIu64 " held, %" PRIu64 " refused\n",
	       good, walks, sum.said[LIANDAN__VERDICT__ACCEPTED], sum.said[LIANDAN__VERDICT__HELD],
	       sum.said[LIANDAN__VERDICT__REFUSED]);
	ok = good == walks;
	if (all_kinds)
		ok &= every_kind(&seen);
	return ok ? 0 : 1;
}
