#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/play.h"
#include "proto/base64.h"
#include "proto/digest.h"
#include "proto/verdict.h"

/* ---- time ---- */

/* Ledger time is told once a second and with every receipt; in between it is extrapolated. */
static int64_t ledger_now(const struct ld_play *p)
{
	return p->clock_ms + (ld_loop_now() - p->clock_mono_ms) * p->rate;
}

int64_t ld_play_now(const struct ld_play *p)
{
	if (p->opt.fast > 0)
		return p->sim->from_ms + (ld_loop_now() - p->began_mono_ms) * p->opt.fast;
	return ledger_now(p) - p->day_zero_ms;
}

int64_t ld_play_ledger(const struct ld_play *p, int64_t day_ms)
{
	return p->day_zero_ms + day_ms;
}

const char *ld_play_clock(int64_t day_ms, char out[8])
{
	int64_t m = day_ms / 60000 % (100 * 60);

	snprintf(out, 8, "%02d:%02d", (int)(m / 60), (int)(m % 60));
	return out;
}

/* ---- talk ---- */

void ld_play_problem(struct ld_play *p, const char *fmt, ...)
{
	va_list ap;

	if (p->n_problems == LD_PLAY_PROBLEMS) {
		p->more_problems++;
		return;
	}
	char *to = p->problems[p->n_problems++];
	va_start(ap, fmt);
	vsnprintf(to, sizeof(p->problems[0]), fmt, ap);
	va_end(ap);
	if (!p->opt.quiet)
		fprintf(stderr, "  ! %s\n", to);
}

void ld_play_say(struct ld_play *p, int64_t at_ms, const char *zh, const char *en)
{
	char clock[8];

	if (p->opt.quiet)
		return;
	printf("%s  %s\n       %s\n", ld_play_clock(at_ms, clock), zh, en);
	fflush(stdout);
}

/* ---- what was sent ---- */

static struct ld_play_sent *new_sent(struct ld_play *p, const struct ld_play_send *s,
				     const uint8_t *bytes, size_t len)
{
	if (p->n_sent == p->room_sent) {
		size_t room = p->room_sent ? p->room_sent * 2 : 1024;
		void *bigger = realloc(p->sent, room * sizeof(*p->sent));
		if (!bigger)
			return NULL;
		p->sent = bigger;
		p->room_sent = room;
	}
	struct ld_play_sent *r = &p->sent[p->n_sent++];
	memset(r, 0, sizeof(*r));
	r->device = s->device;
	r->trip = s->trip;
	r->what = s->what;
	r->attack = s->attack;
	r->at_ms = s->at_ms;
	r->mono_ms = ld_loop_now();
	ld_sha256(bytes, len, r->payload_hash);
	return r;
}

bool ld_play_sent_settled(const struct ld_play *p, size_t sent)
{
	const struct ld_play_sent *r = sent ? &p->sent[sent - 1] : NULL;

	/* Others do not wait for a device that is off the air or slow: that is what causes are for.
	 */
	return !r || r->done || r->device->offline || r->device->n_delayed > 0 ||
	       ld_loop_now() - r->mono_ms > 20000;
}

size_t ld_play_unreceipted(const struct ld_play *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_devices; i++) {
		const struct ld_play_device *d = &p->devices[i];
		n += d->n_delayed + (d->client ? ld_client_queued(d->client) : 0);
	}
	return n;
}

/* ---- receipts ---- */

static void tell_clock(struct ld_play *p, const Liandan__Receipt *r)
{
	int64_t mono = ld_loop_now();
	int64_t expected = p->clock_ms + (mono - p->clock_mono_ms) * p->rate;

	/* A receipt is never from the future: it can only show that our idea of the clock is
	 * behind. */
	if (r->recorded_at_ms > expected && !r->duplicate) {
		p->clock_ms = r->recorded_at_ms;
		p->clock_mono_ms = mono;
	}
}

static bool expected_verdict(const struct ld_play_sent *s)
{
	return s->attack || s->verdict == LIANDAN__VERDICT__ACCEPTED ||
	       s->verdict == LIANDAN__VERDICT__HELD ||
	       (s->what == LD_STEP_TYPO && s->verdict == LIANDAN__VERDICT__REFUSED);
}

static bool step_is_cheat(const struct ld_play *p, const struct ld_play_sent *s)
{
	return s->trip >= 0 && p->sim->trips[s->trip].cheat != NULL;
}

static void settle(struct ld_play *p, struct ld_play_sent *s, const Liandan__Receipt *r)
{
	s->done = true;
	s->verdict = (uint32_t)r->verdict;
	s->reason = (uint32_t)r->reason;
	s->duplicate = r->duplicate;
	s->index = r->index;
	if (s->verdict < 32)
		p->verdicts[s->verdict]++;
	p->duplicates += r->duplicate ? 1 : 0;
	tell_clock(p, r);
	if (!expected_verdict(s) && !step_is_cheat(p, s))
		ld_play_problem(p, "%s %s of %s: %s %s %s", s->device->client_id,
				s->track ? "track" : ld_sim_step_name(s->what),
				s->trip >= 0 ? p->day->trips[s->trip].id : "-",
				ld_verdict_name(r->verdict), ld_reason_name(r->reason),
				r->details ? r->details : "");
	if (s->trip >= 0)
		ld_play_verdict(p, s);
}

static void on_receipt(void *ctx, struct ld_client *c, const struct ld_sent *sent)
{
	struct ld_play_device *d = ctx;
	struct ld_play *p = d->play;
	struct ld_play_sent *s = &p->sent[sent->tag];

	s->covered = sent->covered;
	s->proof = sent->proof;
	p->covered += sent->covered;
	if (sent->proof == LD_OK)
		p->verified++;
	else if (sent->in_ledger) {
		p->unverified++;
		ld_play_problem(p, "%s: a receipt does not verify (%s)", d->client_id,
				ld_err_text(sent->proof));
	}
	if (sent->waited_ms > p->slowest_ms)
		p->slowest_ms = sent->waited_ms;
	if (sent->covered) { /* in the ledger for certain, its own verdict is not told */
		s->done = true;
		p->verdicts[LIANDAN__VERDICT__ACCEPTED]++;
	} else {
		settle(p, s, sent->receipt);
	}
	if (d->twice && !s->again && ld_client_ready(c)) {
		char topic[320];
		snprintf(topic, sizeof(topic), "waste/v1/%s/i/%s", p->net->id.region, d->client_id);
		s->again = true;
		ld_client_publish_raw(c, topic, sent->bytes, sent->len);
	}
}

static void on_chain(void *ctx, struct ld_client *c, const char *json, size_t len)
{
	struct ld_play_device *d = ctx;

	(void)c;
	if (json && ld_signer_at(&d->signer, json, len))
		ld_play_problem(d->play, "%s does not know where its chain stands", d->client_id);
}

/* A verdict outside the ledger: the chain goes on without it, and it is a problem unless it was the
 * point. */
static void on_stuck(void *ctx, struct ld_client *c, const struct ld_sent *sent)
{
	struct ld_play_device *d = ctx;
	struct ld_play_sent *s = &d->play->sent[sent->tag];

	settle(d->play, s, sent->receipt);
	/* what was signed after it cannot enter any more: start again behind the last good one */
	for (size_t i = sent->tag + 1; i < d->play->n_sent; i++)
		if (d->play->sent[i].device == d && !d->play->sent[i].raw)
			d->play->sent[i].done = true;
	ld_client_drop_all(c);
	ld_client_query(c, "signer", "{}", 2, on_chain, d);
	ld_client_retry(c);
}

/* Receipts of messages that were published raw, of second copies, and of held events that took
 * effect. */
static void on_late(void *ctx, struct ld_client *c, const Liandan__Receipt *r)
{
	struct ld_play_device *d = ctx;
	struct ld_play *p = d->play;

	(void)c;
	if (r->applied_index) {
		p->held_applied++;
		for (size_t i = p->n_sent; i-- > 0;) {
			struct ld_play_sent *s = &p->sent[i];
			if (s->done && !s->raw && s->index == r->index && s->device == d) {
				s->verdict = (uint32_t)r->verdict;
				s->reason = (uint32_t)r->reason;
				if (!expected_verdict(s) && !step_is_cheat(p, s))
					ld_play_problem(p, "%s %s, held, then %s %s", d->client_id,
							ld_sim_step_name(s->what),
							ld_verdict_name(r->verdict),
							ld_reason_name(r->reason));
				break;
			}
		}
		return;
	}
	if (!ld_play_settle_raw(p, r))
		p->duplicates += r->duplicate ? 1 : 0;
}

bool ld_play_settle_raw(struct ld_play *p, const Liandan__Receipt *r)
{
	for (size_t i = p->n_sent; i-- > 0;) {
		struct ld_play_sent *s = &p->sent[i];
		if (s->raw && !s->done && r->payload_hash.len == LD_HASH_BYTES &&
		    memcmp(s->payload_hash, r->payload_hash.data, LD_HASH_BYTES) == 0) {
			settle(p, s, r);
			return true;
		}
	}
	return false;
}

static void on_message(void *ctx, struct ld_client *c, const char *topic, const uint8_t *payload,
		       size_t len, bool retained)
{
	struct ld_play_device *d = ctx;

	(void)c;
	(void)retained;
	ld_play_heard(d->play, topic, payload, len);
}

static void on_down(void *ctx, struct ld_client *c, const char *why, bool final)
{
	struct ld_play_device *d = ctx;

	if (final && d->kind != LD_DEVICE_FORMER) {
		ld_play_problem(d->play, "%s may not connect: %s", d->client_id, why);
		ld_client_retry(c);
	}
}

enum ld_err ld_play_connect(struct ld_play *p, struct ld_play_device *d)
{
	struct ld_client_options o;

	if (d->kind == LD_DEVICE_FORMER)
		return LD_OK;
	ld_net_client_options(p->net, &o);
	o.client_id = d->client_id;
	o.key = d->key;
	o.cert = NULL;
	o.cert_key = NULL;
	o.no_receipts = d->kind == LD_DEVICE_REGULATOR;
	o.ctx = d;
	o.calls = (struct ld_client_calls){.down = on_down,
					   .receipt = on_receipt,
					   .stuck = on_stuck,
					   .late_receipt = on_late,
					   .message = on_message};
	return ld_client_new(p->loop, &o, &d->client);
}

/* ---- sending ---- */

static enum ld_err hand_over(struct ld_play_device *d, enum ld_lane lane, uint8_t *bytes,
			     size_t len, size_t tag, int64_t at_ms)
{
	int64_t release = at_ms + d->delay_ms;

	if (d->delay_ms == 0)
		return ld_client_queue(d->client, lane, bytes, len, tag);
	if (!d->delayed)
		d->delayed = calloc(LD_PLAY_DELAYED, sizeof(*d->delayed));
	if (!d->delayed || d->n_delayed == LD_PLAY_DELAYED)
		return LD_ERR_LIMIT;
	struct ld_play_delayed *w = &d->delayed[d->n_delayed++];
	*w = (struct ld_play_delayed){release, tag, malloc(len), len, lane};
	if (!w->bytes)
		return LD_ERR_NOMEM;
	memcpy(w->bytes, bytes, len);
	return LD_OK;
}

enum ld_err ld_play_send(struct ld_play *p, const struct ld_play_send *s)
{
	struct ld_gate_fault fault = {0, "", ""};
	uint8_t hash[LD_HASH_BYTES];
	uint8_t *bytes = NULL;
	size_t len = 0;
	enum ld_lane lane = ld_lane_of(s->event);

	enum ld_err err =
	    ld_signer_seal(&s->device->signer, s->event, (struct ld_key *[1]){s->cosigner},
			   s->cosigner ? 1 : 0, &bytes, &len, hash, &fault);
	if (err) {
		ld_play_problem(p, "%s cannot sign %s: %s %s", s->device->client_id,
				ld_sim_step_name(s->what), fault.field,
				fault.what ? fault.what : ld_err_text(err));
		return err;
	}
	struct ld_play_sent *r = new_sent(p, s, bytes, len);
	if (!r) {
		free(bytes);
		return LD_ERR_NOMEM;
	}
	memcpy(r->event_hash, hash, LD_HASH_BYTES);
	r->track = lane == LD_LANE_TELEMETRY;
	if (s->hash)
		memcpy(s->hash, hash, LD_HASH_BYTES);
	if (s->sent)
		*s->sent = p->n_sent;
	if (s->trip >= 0 && s->what == LD_STEP_TAKEN && !p->trips[s->trip].old_bytes) {
		p->trips[s->trip].old_bytes = malloc(len);
		p->trips[s->trip].old_len = len;
		if (p->trips[s->trip].old_bytes)
			memcpy(p->trips[s->trip].old_bytes, bytes, len);
	}
	if (s->device->client) {
		err = hand_over(s->device, lane, bytes, len, p->n_sent - 1, s->at_ms);
	} else { /* may not connect any more (a revoked key): a colleague's connection carries it */
		char topic[320];
		const struct ld_play_device *clerk =
		    ld_play_device(p, LD_DEVICE_CLERK, p->day->trips[s->trip].generator.at);
		r->raw = true;
		snprintf(topic, sizeof(topic), "waste/v1/%s/i/%s", p->net->id.region,
			 s->device->client_id);
		err = ld_client_publish_raw(clerk->client, topic, bytes, len);
	}
	free(bytes);
	if (err)
		ld_play_problem(p, "%s cannot queue: %s", s->device->client_id, ld_err_text(err));
	return err;
}

enum ld_err ld_play_raw(struct ld_play *p, struct ld_play_device *by, const char *topic_of,
			const uint8_t *bytes, size_t len, const struct ld_play_send *s)
{
	char topic[320];
	struct ld_play_sent *r = new_sent(p, s, bytes, len);

	if (!r)
		return LD_ERR_NOMEM;
	r->raw = true;
	r->device = by;
	if (s->sent)
		*s->sent = p->n_sent;
	snprintf(topic, sizeof(topic), "waste/v1/%s/i/%s", p->net->id.region,
		 topic_of ? topic_of : by->client_id);
	return ld_client_publish_raw(by->client, topic, bytes, len);
}

/* ---- devices over time ---- */

/* A party's devices are its clerk, scales, terminals and phones. */
static bool concerns(const struct ld_play *p, const struct ld_play_device *d,
		     const struct ld_day_act *a)
{
	if (a->truck.at >= 0 && d->kind == LD_DEVICE_TERMINAL)
		return d->of == a->truck.at;
	if (a->party.at >= 0 && d->kind <= LD_DEVICE_SCALE)
		return strcmp(d->party, p->day->parties[a->party.at].id) == 0;
	if (a->scale.at >= 0 && d->kind == LD_DEVICE_SCALE)
		return d->of == a->scale.at;
	return false;
}

/* All day, or in that time and a quarter of an hour more. */
static bool meanwhile(const struct ld_day_act *a, int64_t from_ms, int64_t to_ms)
{
	return a->to_s < 0 ||
	       (from_ms < (int64_t)a->to_s * 1000 && to_ms + 900000 > (int64_t)a->from_s * 1000);
}

/* The phone of the driver who is on that truck then: his trip is the one under way there. */
static bool drives_it(const struct ld_play *p, const struct ld_play_device *d,
		      const struct ld_day_act *a)
{
	if (a->truck.at < 0 || d->kind != LD_DEVICE_DRIVER)
		return false;
	for (size_t i = 0; i < p->day->n_trips; i++) {
		const struct ld_day_trip *t = &p->day->trips[i];
		const struct ld_sim_trip *st = &p->sim->trips[i];
		int64_t done = p->sim->trips[st->leader].done_ms;
		if (t->truck.at == a->truck.at && t->driver.at == d->of &&
		    meanwhile(a, st->origin_ms, st->second ? st->changed_ms : done))
			return true;
		if (st->second && st->brings_truck == a->truck.at && st->brings_driver == d->of &&
		    meanwhile(a, st->met_ms[1], done))
			return true;
	}
	return false;
}

static bool off_the_air(const struct ld_play *p, const struct ld_play_device *d, int64_t now_ms)
{
	for (size_t i = 0; i < p->day->n_acts; i++) {
		const struct ld_day_act *a = &p->day->acts[i];
		if (a->word == LD_TROUBLE_offline && now_ms >= (int64_t)a->from_s * 1000 &&
		    now_ms < (int64_t)a->to_s * 1000 && (concerns(p, d, a) || drives_it(p, d, a)))
			return true;
	}
	return false;
}

static void release(struct ld_play *p, struct ld_play_device *d, int64_t now_ms)
{
	while (d->n_delayed > 0 && d->delayed[0].release_ms <= now_ms) {
		struct ld_play_delayed w = d->delayed[0];
		d->n_delayed--;
		memmove(d->delayed, d->delayed + 1, d->n_delayed * sizeof(*d->delayed));
		if (ld_client_queue(d->client, w.lane, w.bytes, w.len, w.sent))
			ld_play_problem(p, "%s cannot queue", d->client_id);
		p->sent[w.sent].mono_ms = ld_loop_now();
		free(w.bytes);
	}
}

static void configure(struct ld_play *p, struct ld_play_device *d)
{
	for (size_t i = 0; i < p->day->n_acts; i++) {
		const struct ld_day_act *a = &p->day->acts[i];
		if (a->word == LD_TROUBLE_duplicates && (concerns(p, d, a) || drives_it(p, d, a)))
			d->twice = true;
		if (a->word == LD_TROUBLE_slow_scale && concerns(p, d, a))
			d->delay_ms = (int64_t)a->for_s * 1000;
	}
}

void ld_play_devices(struct ld_play *p, int64_t now_ms)
{
	for (size_t i = 0; i < p->n_devices; i++) {
		struct ld_play_device *d = &p->devices[i];
		if (!d->client)
			continue;
		if (!p->playing)
			configure(p, d);
		bool off = off_the_air(p, d, now_ms);
		if (off != d->offline) {
			d->offline = off;
			ld_client_offline(d->client, off);
		}
		release(p, d, now_ms);
	}
}

struct ld_play_device *ld_play_device(struct ld_play *p, enum ld_play_kind kind, int of)
{
	for (size_t i = 0; i < p->n_devices; i++)
		if (p->devices[i].kind == kind && p->devices[i].of == of)
			return &p->devices[i];
	return NULL;
}
