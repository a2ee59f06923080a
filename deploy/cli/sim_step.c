#include <stdlib.h>

#include "deploy/cli/sim_truck.h"

/* What is signed, when: from the moments at which the trip's truck is somewhere. */

#define MINUTE 60000

/* Rules of profile CN that a played cheat waits for (plugin/custody/rules.h); margins are ours. */
#define OVERDUE_MS (120 * MINUTE)
#define MARGIN_MS (15 * MINUTE)

static void step(struct ld_sim_trip *t, int64_t at_ms, enum ld_sim_what what)
{
	if (t->n_steps < LD_SIM_MAX_STEPS)
		t->steps[t->n_steps++] = (struct ld_sim_step){at_ms, what};
}

static int step_order(const void *a, const void *b)
{
	const struct ld_sim_step *x = a;
	const struct ld_sim_step *y = b;

	return x->at_ms < y->at_ms ? -1 : x->at_ms > y->at_ms;
}

static bool has_scale(const struct ld_day *d, int site)
{
	for (size_t i = 0; i < d->n_scales; i++)
		if (d->scales[i].site.at == site)
			return true;
	return false;
}

const struct ld_day_act *ld_sim_act(const struct ld_sim *s, size_t trip, enum ld_day_word word)
{
	for (size_t i = 0; i < s->day->n_acts; i++)
		if (s->day->acts[i].word == word && s->day->acts[i].trip.at == (int)trip)
			return &s->day->acts[i];
	return NULL;
}

bool ld_sim_trouble(const struct ld_sim *s, size_t trip, enum ld_day_word word)
{
	return ld_sim_act(s, trip, word) != NULL;
}

const struct ld_day_act *ld_sim_delegate(const struct ld_sim *s, size_t trip)
{
	const struct ld_day_act *a = ld_sim_act(s, trip, LD_TROUBLE_delegated);

	return a ? a : ld_sim_act(s, trip, LD_CHEAT_disputed_delegate);
}

/* Papers are made before the truck comes, but never before the day. */
static void papers(struct ld_sim *s, size_t i, int64_t at)
{
	struct ld_sim_trip *t = &s->trips[i];
	int64_t begin = at - 45 * MINUTE;

	if (begin < s->from_ms + MINUTE)
		begin = s->from_ms + MINUTE;
	int64_t unit = at - begin < 15 * MINUTE ? (at - begin) / 20 : MINUTE;
	step(t, begin, LD_STEP_GENERATED);
	step(t, begin + 2 * unit, LD_STEP_STORED);
	if (ld_sim_trouble(s, i, LD_TROUBLE_typo))
		step(t, begin + 3 * unit, LD_STEP_TYPO);
	step(t, begin + 5 * unit, LD_STEP_CREATED);
	if (t->cheat && t->cheat->word == LD_CHEAT_container_twice)
		step(t, begin + 6 * unit - 1, LD_STEP_ATTACK);
	step(t, begin + 6 * unit, LD_STEP_SEALED);
	if (t->cheat && t->cheat->word == LD_CHEAT_overdrawn) {
		step(t, begin + 7 * unit, LD_STEP_ATTACK);
		step(t, begin + 8 * unit, LD_STEP_ATTACK_TWO);
	}
}

static bool taken_is_cheat(enum ld_day_word w)
{
	return w == LD_CHEAT_wrong_carrier || w == LD_CHEAT_unknown_vehicle;
}

static void handover(struct ld_sim *s, size_t i, int64_t origin, int64_t leave)
{
	struct ld_sim_trip *t = &s->trips[i];
	int w = t->cheat ? (int)t->cheat->word : -1;

	if (has_scale(s->day, s->day->trips[i].site.at) && w != LD_CHEAT_ghost) {
		step(t, origin + 2 * MINUTE, LD_STEP_TARE_OUT);
		step(t, leave - 4 * MINUTE, LD_STEP_GROSS_OUT);
	}
	if (w == LD_CHEAT_revoked_key || w == LD_CHEAT_changed_content)
		step(t, leave - 3 * MINUTE, LD_STEP_ATTACK);
	if (w == LD_CHEAT_same_person) {
		step(t, leave - 200000, LD_STEP_ATTACK);
		step(t, leave - 180000, LD_STEP_ATTACK_TWO);
		step(t, leave - 150000, LD_STEP_WITHDRAWN);
	}
	step(t,
	     ld_sim_trouble(s, i, LD_TROUBLE_slow_driver) ? leave - 12 * MINUTE
							  : leave - 2 * MINUTE,
	     LD_STEP_OFFERED);
	if (w == LD_CHEAT_cancelled_and_taken)
		step(t, leave - 100000, LD_STEP_CANCELLED);
	if (w == LD_CHEAT_forged_signature || w == LD_CHEAT_unknown_key ||
	    w == LD_CHEAT_other_ledger || w == LD_CHEAT_garbage || w == LD_CHEAT_out_of_order)
		step(t, leave - 90000, LD_STEP_ATTACK);
	if (w >= 0 && taken_is_cheat((enum ld_day_word)w))
		step(t, leave - 80000, LD_STEP_TAKEN_CHEAT);
	step(t, leave - MINUTE, LD_STEP_TAKEN);
	if (ld_sim_delegate(s, i))
		step(t, leave + 5 * MINUTE, LD_STEP_CONFIRMED);
	if (t->second && t->driven) {
		step(t, t->changed_ms - 2 * MINUTE, LD_STEP_OFFERED_ON);
		step(t, t->changed_ms - MINUTE, LD_STEP_TAKEN_ON);
	}
	if (t->accident_ms)
		step(t, t->accident_ms + 2 * MINUTE, LD_STEP_ACCIDENT);
}

static void delivery(struct ld_sim *s, size_t i, int64_t arrive, int64_t done)
{
	struct ld_sim_trip *t = &s->trips[i];
	const struct ld_day_trip *dt = &s->day->trips[i];
	int w = t->cheat ? (int)t->cheat->word : -1;

	if (w == LD_CHEAT_clock_ahead)
		step(t, arrive + 30000, LD_STEP_ATTACK);
	if (t->leads)
		step(t, arrive + MINUTE, LD_STEP_ARRIVED);
	if (w == LD_CHEAT_wrong_site)
		return;
	if (w == LD_CHEAT_replayed_event || w == LD_CHEAT_forked_chain || w == LD_CHEAT_wrong_role)
		step(t, arrive + 2 * MINUTE, LD_STEP_ATTACK);
	/* a ghost has tickets too: the scale weighs another truck */
	if (w == LD_CHEAT_ghost || (t->leads && w != LD_CHEAT_no_tickets)) {
		step(t, arrive + 3 * MINUTE, LD_STEP_GROSS_IN);
		step(t, done - 3 * MINUTE, LD_STEP_TARE_IN);
	}
	step(t, done - 5 * MINUTE, LD_STEP_RECEIVED);
	if (ld_sim_trouble(s, i, LD_TROUBLE_mistyped)) {
		step(t, done - 4 * MINUTE, LD_STEP_AMENDED);
		step(t, done - 150000, LD_STEP_AGREED_DRIVER);
		step(t, done - 100000, LD_STEP_AGREED_RECEIVER);
	}
	step(t, done, LD_STEP_ACCEPTED);
	step(t, done + 10 * MINUTE, LD_STEP_STORED_IN);
	if (dt->treat_s)
		step(t, done + (int64_t)dt->treat_s * 1000 + 10 * MINUTE, LD_STEP_TREATED);
	if (w == LD_CHEAT_recycled_manifest)
		step(t, done + 15 * MINUTE, LD_STEP_ATTACK);
}

static void way_back(struct ld_sim *s, size_t i)
{
	struct ld_sim_trip *t = &s->trips[i];

	step(t, t->done_ms + 5 * MINUTE, LD_STEP_REDIRECTED);
	step(t, t->back_ms + MINUTE, LD_STEP_ARRIVED_BACK);
	step(t, t->back_ms + 3 * MINUTE, LD_STEP_GROSS_BACK);
	step(t, t->back_done_ms - 5 * MINUTE, LD_STEP_RECEIVED_BACK);
	step(t, t->back_done_ms - 3 * MINUTE, LD_STEP_TARE_BACK);
	step(t, t->back_done_ms, LD_STEP_ACCEPTED_BACK);
}

void ld_sim_plan_steps(struct ld_sim *s, size_t i)
{
	const struct ld_day_trip *dt = &s->day->trips[i];
	struct ld_sim_trip *t = &s->trips[i];
	const struct ld_sim_trip *lead = &s->trips[t->leader];
	const struct ld_day *d = s->day;
	int w = t->cheat ? (int)t->cheat->word : -1;
	int64_t origin = t->driven ? t->origin_ms : (int64_t)dt->at_s * 1000;
	int64_t leave = t->driven ? t->leave_ms : origin + (int64_t)dt->load_s * 1000;
	int64_t way =
	    (int64_t)(ld_road_m(d->sites[dt->site.at].gate, dt->via, d->sites[dt->to.at].gate) *
		      3600.0 / dt->speed_kmh);
	/* of a milk run: the stops that are still to come */
	int64_t to_come = t->leads ? 0 : lead->leave_ms - leave;

	if (t->second && t->driven) { /* as the carriers have arranged it */
		way = (int64_t)(ld_road_m(d->sites[t->second->site.at].gate, dt->via,
					  d->sites[dt->to.at].gate) *
				3600.0 / dt->speed_kmh);
		to_come = t->changed_ms - leave;
	}
	t->eta_ms = leave + to_come + way + 5 * MINUTE;
	papers(s, i, origin);
	if (!ld_sim_on_paper(t->cheat) || w == LD_CHEAT_ghost)
		handover(s, i, origin, leave);
	int64_t arrive = t->driven ? lead->arrive_ms : w == LD_CHEAT_ghost ? leave + way : 0;
	int64_t done = t->driven ? lead->done_ms : arrive + (int64_t)dt->unload_s * 1000;
	if (arrive > 0)
		delivery(s, i, arrive, done);
	if (t->back_ms > 0)
		way_back(s, i);
	t->leave_ms = leave;
	t->origin_ms = origin;
	qsort(t->steps, t->n_steps, sizeof(*t->steps), step_order);
	t->end_ms = t->n_steps ? t->steps[t->n_steps - 1].at_ms : 0;
	if (w == LD_CHEAT_never_arrives) {
		int64_t grace = (t->eta_ms - leave) / 2;
		t->end_ms = t->eta_ms + (grace > OVERDUE_MS ? grace : OVERDUE_MS) + MARGIN_MS;
	} else if (w >= 0) {
		t->end_ms += 3 * MINUTE;
	}
}
