/* Who places a hold, on what and for how long, and what it blocks. CUSTODY-21. */
#include "plugin/custody/hold.h"

#include <inttypes.h>
#include <string.h>

#include "plugin/custody/manifest_judge.h"
#include "plugin/custody/registry.h"
#include "plugin/custody/table.h"
#include "proto/base64.h"

#define MANIFEST LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST
#define PARTY LIANDAN__SUBJECT_KIND__SUBJECT_KIND_PARTY
#define VEHICLE LIANDAN__SUBJECT_KIND__SUBJECT_KIND_VEHICLE
#define SITE LIANDAN__SUBJECT_KIND__SUBJECT_KIND_SITE
#define CONTAINER LIANDAN__SUBJECT_KIND__SUBJECT_KIND_CONTAINER

static bool by_regulator(const struct ld_fact *f, struct ld_judgement *j)
{
	return (f->signer->roles &
		(LIANDAN__ROLE__ROLE_REGULATOR | LIANDAN__ROLE__ROLE_AUTHORITY)) != 0 ||
	       ld_refuse(j, LIANDAN__REASON__WRONG_ROLE, "only a regulator places or ends a hold");
}

/* ---- what it is on ---- */

/* Its id as everybody else writes it: a hold under another spelling would never be found. */
static bool manifest_there(struct ld_custody *c, const char *hex, struct ld_judgement *j)
{
	char lower[2 * LD_UUID_BYTES + 1] = "";
	uint8_t id[LD_UUID_BYTES];
	ProtobufCBinaryData manifest = {.len = sizeof id, .data = id};
	size_t mark = ld_mark(c);
	Custody__Manifest *m;
	bool there = ld_hex_decode(hex, strlen(hex), id, sizeof id) == LD_OK &&
		     ld_manifest_get(c, manifest, &m) == LD_OK;

	ld_release(c, mark);
	if (there)
		ld_hex_encode(id, sizeof id, lower);
	return (there && strcmp(lower, hex) == 0) ||
	       ld_refuse(j, LIANDAN__REASON__UNKNOWN_MANIFEST, "no such manifest %s", hex);
}

static bool subject_there(struct ld_custody *c, const Liandan__HoldPlaced *b,
			  struct ld_judgement *j)
{
	Custody__Container *k;
	Custody__Vehicle *v;
	Custody__Party *p;

	switch (b->subject_kind) {
	case MANIFEST:
		return manifest_there(c, b->subject, j);
	case PARTY:
		return ld_party_known(c, b->subject, &p, j);
	case VEHICLE:
		return ld_vehicle_known(c, b->subject, &v, j);
	case SITE:
		return ld_site_known(c, b->subject, j);
	case CONTAINER:
		return ld_container_get(c, b->subject, &k) == LD_OK ||
		       ld_refuse(j, LIANDAN__REASON__UNKNOWN_CONTAINER, "no such container %s",
				 b->subject);
	default:
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_SUBJECT,
				 "a hold is on a manifest, party, vehicle, site or container");
	}
}

/* ---- placing and ending ---- */

static bool sane_end(struct ld_custody *c, const struct ld_fact *f, const Liandan__HoldPlaced *b,
		     struct ld_judgement *j)
{
	const int64_t latest = f->recorded_at_ms + c->rules->hold_ms;

	if (b->expires_ms <= f->recorded_at_ms)
		return ld_refuse(j, LIANDAN__REASON__QUANTITY, "it would have ended already");
	return b->expires_ms <= latest ||
	       ld_refuse(j, LIANDAN__REASON__LIMIT,
			 "one regulator's hold ends by %" PRId64 " ms, not %" PRId64, latest,
			 b->expires_ms);
}

/* The same hold again: another person makes it longer. */
static bool extends(struct ld_custody *c, const struct ld_fact *f, const Liandan__HoldPlaced *b,
		    const Custody__Hold *old, struct ld_judgement *j)
{
	if (!ld_hold_stands(old, f->recorded_at_ms))
		return ld_refuse(j, LIANDAN__REASON__ALREADY_EXISTS, "hold %s has ended", b->hold);
	if (old->placed->subject_kind != b->subject_kind ||
	    strcmp(old->placed->subject, b->subject) != 0)
		return ld_refuse(j, LIANDAN__REASON__ALREADY_EXISTS, "hold %s is on %s", b->hold,
				 old->placed->subject);
	if (strcmp(old->person, ld_person_of(c, f->signer)) == 0)
		return ld_refuse(j, LIANDAN__REASON__SAME_PERSON,
				 "another person extends hold %s, not %s again", b->hold,
				 old->person);
	return b->expires_ms > old->placed->expires_ms ||
	       ld_refuse(j, LIANDAN__REASON__QUANTITY, "it stands until %" PRId64 " ms already",
			 old->placed->expires_ms);
}

struct on_walk {
	struct ld_custody *c;
	const char *person;
	int64_t at_ms;
	size_t skip, n;
	bool own;
};

static int on_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	char id[LD_MAX_ID_BYTES + 1] = "";
	struct on_walk *w = ctx;
	size_t mark = ld_mark(w->c), n = key_len - w->skip;
	Custody__Hold *h;

	(void)value, (void)len;
	memcpy(id, key + w->skip, n < LD_MAX_ID_BYTES ? n : LD_MAX_ID_BYTES);
	w->n++;
	if (ld_hold_get(w->c, id, &h) == LD_OK)
		w->own = w->own || strcmp(h->person, w->person) == 0;
	ld_release(w->c, mark);
	return 0;
}

/* A person has one hold on a subject at a time: a second one under another name would extend the
 * first. */
static bool room_on(struct ld_custody *c, const struct ld_fact *f, const Liandan__HoldPlaced *b,
		    struct ld_judgement *j)
{
	struct on_walk w = {.c = c, .person = ld_person_of(c, f->signer)};
	struct ld_tkey k;

	ld_tkey_init(&k);
	ld_tkey_u8(&k, (uint8_t)b->subject_kind);
	ld_tkey_str(&k, b->subject);
	w.skip = k.len;
	ld_state_walk(c->state, LD_T_HOLD_ON, k.b, k.len, NULL, 0, on_one, &w, NULL);
	if (w.own)
		return ld_refuse(j, LIANDAN__REASON__SAME_PERSON,
				 "%s has a hold on %s already: another person extends it", w.person,
				 b->subject);
	return w.n < LD_MAX_HOLDS_ON_ONE ||
	       ld_refuse(j, LIANDAN__REASON__LIMIT, "%d holds stand on %s already",
			 LD_MAX_HOLDS_ON_ONE, b->subject);
}

bool ld_hold_placed_judge(struct ld_custody *c, const struct ld_fact *f,
			  const Liandan__HoldPlaced *b, struct ld_judgement *j)
{
	Custody__Hold *old;

	if (!by_regulator(f, j) || !subject_there(c, b, j) || !sane_end(c, f, b, j))
		return false;
	return ld_hold_get(c, b->hold, &old) == LD_OK ? extends(c, f, b, old, j)
						      : room_on(c, f, b, j);
}

bool ld_hold_released_judge(struct ld_custody *c, const struct ld_fact *f,
			    const Liandan__HoldReleased *b, struct ld_judgement *j)
{
	Custody__Hold *h;

	if (!by_regulator(f, j))
		return false;
	if (ld_hold_get(c, b->hold, &h) != LD_OK)
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_SUBJECT, "there is no hold %s",
				 b->hold);
	return ld_hold_stands(h, f->recorded_at_ms) ||
	       ld_refuse(j, LIANDAN__REASON__OUT_OF_ORDER, "hold %s has ended", b->hold);
}

/* ---- what it blocks ---- */

static bool free_of(struct ld_case *k, Liandan__SubjectKind kind, const char *subject)
{
	if (subject[0] == '\0' || !ld_held_back(k->c, kind, subject, k->f->recorded_at_ms))
		return true;
	return ld_failed(k, LIANDAN__REASON__ON_HOLD, subject, 0, 0, "a hold stands on %s",
			 subject);
}

/* Those that the body names, where it names some; else those that were sealed. */
static bool items_free(struct ld_case *k)
{
	const Liandan__Event *e = k->f->event;
	Liandan__Item *const *items = k->m != NULL ? k->m->items : NULL;
	size_t n = k->m != NULL ? k->m->n_items : 0;

	if (e->body_case == LIANDAN__EVENT__BODY_MANIFEST_SEALED) {
		items = e->manifest_sealed->items;
		n = e->manifest_sealed->n_items;
	}
	for (size_t i = 0; i < n && i < LD_MAX_ITEMS; i++)
		if (!free_of(k, CONTAINER, items[i]->container))
			return false;
	return true;
}

/* Who is asked to carry: the taker of an offer, the carrier of a redirection, else all that are
 * named. */
static bool carriers_free(struct ld_case *k, const Liandan__ManifestCreated *b)
{
	const Liandan__Event *e = k->f->event;

	if (e->body_case == LIANDAN__EVENT__BODY_HANDOVER_OFFERED)
		return free_of(k, PARTY, e->handover_offered->to_party);
	if (e->body_case == LIANDAN__EVENT__BODY_REDIRECTED)
		return free_of(k, PARTY, e->redirected->carrier);
	for (size_t i = 0; i < b->n_carriers; i++)
		if (!free_of(k, PARTY, b->carriers[i]->party))
			return false;
	return true;
}

static bool receiver_free(struct ld_case *k, const Liandan__Receiver *r)
{
	return r == NULL || (free_of(k, PARTY, r->party) && free_of(k, SITE, r->site));
}

/* Something stands somewhere: without it nothing need be looked up. */
static int any(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	(void)key, (void)key_len, (void)value, (void)len;
	*(bool *)ctx = true;
	return 1;
}

static bool manifest_free(struct ld_case *k)
{
	const char *hex;

	if (k->m == NULL)
		return true;
	hex = ld_c_hex(k->c, k->m->manifest);
	return hex == NULL || (free_of(k, MANIFEST, hex) && free_of(k, VEHICLE, k->m->plate));
}

/* CUSTODY-21: intentions only; no row of a fact asks this. */
bool ld_check_on_hold(struct ld_case *k)
{
	const Liandan__Event *e = k->f->event;
	const Liandan__ManifestCreated *b = e->body_case == LIANDAN__EVENT__BODY_MANIFEST_CREATED
						? e->manifest_created
						: k->m->created;
	bool some = false;

	ld_state_walk(k->c->state, LD_T_HOLD_ON, NULL, 0, NULL, 0, any, &some, NULL);
	if (!some)
		return true;
	if (e->body_case == LIANDAN__EVENT__BODY_REDIRECTED &&
	    !receiver_free(k, e->redirected->receiver))
		return false;
	/* who signs may be a delegate, or the carrier that holds it */
	return free_of(k, PARTY, k->f->signer->party) && manifest_free(k) &&
	       free_of(k, PARTY, b->generator) && free_of(k, SITE, b->site) &&
	       receiver_free(k, b->receiver) && carriers_free(k, b) && items_free(k);
}
