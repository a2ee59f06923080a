/* Tracks and sensors: who may say where a vehicle is. A fact is refused for its role and for a
 * vehicle nobody registered, never for its time. */
#include <string.h>

#include "plugin/custody/departure.h"
#include "plugin/custody/fence.h"
#include "plugin/custody/gap.h"
#include "plugin/custody/site.h"
#include "plugin/custody/track.h"

#define ROUND_MS 5000  /* ledger time between two rounds over the vehicles in custody */
#define ROUND_STEP 512 /* vehicles looked at in one tick */
#define GRACE_MS (10 * LD_MINUTE_MS) /* after our own start outboxes come first (CUSTODY, Time) */

static bool terminal_speaks(struct ld_custody *c, const struct ld_fact *f, struct ld_judgement *j,
			    const char *plate, const char *terminal)
{
	Custody__Vehicle *v;

	if ((f->signer->roles & LIANDAN__ROLE__ROLE_TERMINAL) == 0)
		return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE, "the key is no terminal's");
	if (strcmp(f->signer->subject_id, terminal) != 0)
		return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE, "the key is terminal %.64s's",
				 f->signer->subject_id);
	if (ld_vehicle_get(c, plate, &v) != LD_OK)
		return ld_refuse(j, LIANDAN__REASON__UNKNOWN_VEHICLE,
				 "vehicle %.64s is not registered", plate);
	if (strcmp(v->terminal, terminal) != 0)
		return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE,
				 "terminal %.64s is not mounted on %.64s", terminal, plate);
	/* the id is only a name: it must be the key that was mounted, or a successor of the
	 * vehicle's own firm (a replaced key) */
	if ((v->terminal_key.len != LD_KEY_ID_BYTES ||
	     memcmp(v->terminal_key.data, f->event->submitter.data, LD_KEY_ID_BYTES) != 0) &&
	    strcmp(f->signer->party, v->registered->party) != 0)
		return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE,
				 "not the key that was mounted on %.64s", plate);
	return true;
}

bool ld_track_judge(struct ld_custody *c, const struct ld_fact *f, struct ld_judgement *j)
{
	const Liandan__Event *e = f->event;

	if (e->body_case == LIANDAN__EVENT__BODY_TRACK)
		return terminal_speaks(c, f, j, e->track->plate, e->track->terminal);
	if (e->body_case == LIANDAN__EVENT__BODY_SENSOR_EVENT)
		return terminal_speaks(c, f, j, e->sensor_event->plate, e->sensor_event->terminal);
	return ld_refuse(j, LIANDAN__REASON__WRONG_ROLE, "not a telemetry event");
}

void ld_track_follow(struct ld_custody *c, const struct ld_fact *f, const struct ld_judgement *j,
		     struct ld_own_list *own)
{
	Custody__Position *p;

	(void)j;
	if (f->event->body_case != LIANDAN__EVENT__BODY_TRACK)
		return;
	if (ld_position_get(c, f->event->track->plate, &p) == LD_OK && p->gap_index == f->index)
		ld_gap_review(c, p->plate, f->index, own);
}

void ld_track_follow_received(struct ld_custody *c, const struct ld_fact *f,
			      const Liandan__Received *r, struct ld_own_list *own)
{
	Custody__Manifest *m;

	if (ld_manifest_get(c, r->manifest, &m) == LD_OK && m->plate[0] != '\0')
		ld_gap_review(c, m->plate, f->index, own);
}

/* A round over LD_T_LOAD, a part at a time. */
struct round {
	struct ld_custody *c;
	char plate[ROUND_STEP][LD_MAX_ID_BYTES + 1];
	size_t n;
	uint8_t next[LD_KEY_CAP];
	size_t next_len;
};

static int round_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value,
		     size_t len)
{
	struct round *r = ctx;

	(void)value;
	(void)len;
	if (r->n == ROUND_STEP) {
		memcpy(r->next, key, key_len < sizeof r->next ? key_len : sizeof r->next);
		r->next_len = key_len < sizeof r->next ? key_len : sizeof r->next;
		return 1;
	}
	if (key_len < 1 || key[0] > LD_MAX_ID_BYTES || key_len != 1u + key[0] + LD_UUID_BYTES)
		return 0;
	memcpy(r->plate[r->n], key + 1, key[0]);
	r->plate[r->n][key[0]] = '\0';
	r->n++;
	return 0;
}

static void round_step(struct ld_custody *c, struct ld_watch *w, int64_t now_ms, size_t max,
		       struct ld_own_list *out)
{
	struct round *r = ld_arena_alloc(c->arena, sizeof *r);
	const size_t begin = out->n;

	if (r == NULL)
		return;
	r->c = c;
	r->n = r->next_len = 0;
	(void)ld_state_walk(c->state, LD_T_LOAD, NULL, 0, w->from, w->from_len, round_one, r, NULL);
	for (size_t i = 0; i < r->n && out->n - begin < max; i++) {
		const size_t used = c->arena->used;
		const size_t before = out->n;

		if (i == 0 || strcmp(r->plate[i], r->plate[i - 1]) != 0)
			ld_gap_open(c, r->plate[i], now_ms, out);
		if (out->n == before)
			c->arena->used = used; /* nothing was kept of it */
	}
	w->from_len = r->next_len < sizeof w->from ? r->next_len : 0;
	memcpy(w->from, r->next, w->from_len);
	if (w->from_len == 0)
		w->walked_ms = now_ms;
}

void ld_track_follow_time(struct ld_custody *c, int64_t now_ms, size_t max, struct ld_own_list *out)
{
	struct ld_watch *w = ld_watch_of(c);

	if (w == NULL)
		return;
	if (w->since_ms == 0)
		w->since_ms = now_ms;
	if (now_ms - w->since_ms < GRACE_MS)
		return;
	ld_departure_follow_time(c, now_ms, max, out);
	if (out->n < max && (w->from_len != 0 || now_ms - w->walked_ms >= ROUND_MS))
		round_step(c, w, now_ms, max - out->n, out);
}
