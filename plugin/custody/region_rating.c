/* Ratings and precision as they leave the region. */
#include <string.h>

#include "plugin/custody/rating.h"
#include "plugin/custody/region_internal.h"
#include "plugin/custody/review.h"

#define RATED_EVERY_MS LD_HOUR_MS /* ledger time */
#define RATED_BOOT_MS 10000	  /* and not oftener, however fast a demonstration's clock runs */

cJSON *ld_region_rating_json(struct ld_region *r, const char *party)
{
	const int64_t now_ms = ld_region_now(r);
	Custody__Party *p;

	ld_arena_reset(&r->scratch);
	if (ld_party_get(&r->custody, party, &p) != LD_OK ||
	    ld_rules_at(&r->custody, now_ms) != LD_OK)
		return NULL;
	return ld_rating_json(&r->custody, party, now_ms);
}

cJSON *ld_region_precision_json(struct ld_region *r)
{
	ld_arena_reset(&r->scratch);
	return ld_precision_json(&r->custody);
}

static void out_rating(struct ld_region *r, const char *party)
{
	struct ld_out *o = ld_region_out(r, LD_OUT_RATING, NULL, 0);

	if (o != NULL)
		ld_id_copy(o->party, party);
}

static void out_anomaly(struct ld_region *r, uint64_t id, const char *what)
{
	struct ld_out *o = ld_region_out(r, LD_OUT_ANOMALY, NULL, 0);

	if (o == NULL)
		return;
	o->index = id;
	o->what = what;
}

void ld_region_touch_rating(struct ld_region *r, const Liandan__Event *e, const char *signer_party)
{
	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_PARTY_REGISTERED:
		out_rating(r, e->party_registered->party);
		break;
	case LIANDAN__EVENT__BODY_RULES_ADOPTED:
		r->rated_ms = 0; /* other thresholds: everybody again */
		break;
	case LIANDAN__EVENT__BODY_ANOMALY_REVIEWED:
		out_anomaly(r, e->anomaly_reviewed->anomaly, "reviewed");
		ld_region_out(r, LD_OUT_PRECISION, NULL, 0);
		break;
	case LIANDAN__EVENT__BODY_PARTY_REPLIED:
		if (e->party_replied->anomaly == 0)
			out_rating(r, signer_party);
		else
			out_anomaly(r, e->party_replied->anomaly, "replied");
		break;
	case LIANDAN__EVENT__BODY_RATING_OVERRIDDEN:
		out_rating(r, e->rating_overridden->party);
		break;
	default:
		break;
	}
}

static int one_party(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		     size_t len)
{
	struct ld_region *r = ctx;
	char party[LD_MAX_ID_BYTES + 1];

	(void)value, (void)len;
	if (key_len > LD_MAX_ID_BYTES)
		return 0;
	memcpy(party, key, key_len);
	party[key_len] = '\0';
	r->opt.sink.rating(r->opt.sink.ctx, party);
	return 0;
}

static void rated_now(struct ld_region *r)
{
	r->rated_ms = ld_region_now(r);
	r->rated_boot_ms = ld_clock_boot_ms();
}

static int set_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	return key_len > 1 ? one_party(ctx, key + 1, key_len - 1, value, len) : 0;
}

/* The first party at or after where it looks; only its key is copied. */
struct next_party {
	char party[LD_MAX_ID_BYTES + 1];
	bool found;
};

static int next_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t len)
{
	struct next_party *n = ctx;

	(void)value, (void)len;
	if (key_len < 2 || key[1] > LD_MAX_ID_BYTES || key_len < 2u + key[1])
		return 0;
	memcpy(n->party, key + 2, key[1]);
	n->party[key[1]] = '\0';
	n->found = true;
	return 1;
}

/* Time changes the colour of those only that have points, or were set by hand. */
static void timed_ratings(struct ld_region *r)
{
	const struct ld_sink *s = &r->opt.sink;
	struct ld_tkey from;

	ld_tkey_init(&from);
	ld_tkey_u8(&from, 'a');
	for (;;) {
		struct next_party n = {.found = false};

		ld_state_walk(r->custody.state, LD_T_RATING, "a", 1, from.b, from.len, next_one, &n,
			      NULL);
		if (!n.found)
			break;
		s->rating(s->ctx, n.party);
		ld_rating_key(&from, n.party); /* beyond all of its keys */
		for (int i = 0; i < 3; i++)
			ld_tkey_u64(&from, UINT64_MAX);
	}
	ld_state_walk(r->custody.state, LD_T_RATING, "s", 1, NULL, 0, set_one, r, NULL);
}

void ld_region_ratings_due(struct ld_region *r)
{
	if (ld_clock_boot_ms() - r->rated_boot_ms >= RATED_BOOT_MS &&
	    ld_region_now(r) - r->rated_ms >= RATED_EVERY_MS && r->opt.sink.rating != NULL) {
		rated_now(r);
		timed_ratings(r);
	}
}

void ld_region_republish_ratings(struct ld_region *r)
{
	rated_now(r);
	if (r->opt.sink.rating != NULL)
		ld_state_walk(r->custody.state, LD_T_PARTY, NULL, 0, NULL, 0, one_party, r, NULL);
	if (r->opt.sink.precision != NULL)
		r->opt.sink.precision(r->opt.sink.ctx);
}
