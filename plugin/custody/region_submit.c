#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plugin/custody/region_internal.h"
#include "proto/digest.h"
#include "proto/verdict.h"

/* One event on its way: open -> chain -> verify -> judge -> append -> apply -> follow -> commit. */
struct pass {
	const char *party, *device;
	const uint8_t *bytes;
	size_t len;
	const void *correlation;
	size_t correlation_len;
	struct ld_opened opened;
	struct ld_ring_key *signer;
	const Custody__Chain *chain; /* in the scratch arena: gone after a flush */
	struct ld_expected expected;
	uint64_t first; /* of a fork: the entry that was there before */
	bool parsed;
	bool verified; /* the signatures were looked at: signature_good says how */
	bool signature_good;
	struct ld_outcome *out;
};

static bool outside(struct pass *p, Liandan__Verdict verdict, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static bool outside(struct pass *p, Liandan__Verdict verdict, const char *fmt, ...)
{
	va_list ap;

	p->out->verdict = verdict;
	va_start(ap, fmt);
	vsnprintf(p->out->detail, sizeof p->out->detail, fmt, ap);
	va_end(ap);
	return false;
}

/* Size, gate. */
static bool step_parse(struct ld_region *r, struct pass *p)
{
	struct ld_gate_fault fault = {0};
	enum ld_err err;

	ld_arena_reset(&r->open_arena);
	ld_arena_reset(&r->scratch);
	ld_keyring_trim(r->keys);
	if (p->bytes == NULL || p->len == 0)
		return outside(p, LIANDAN__VERDICT__MALFORMED, "the payload is empty");
	err = ld_open_parse(p->bytes, p->len, &r->open_arena, &p->opened, &fault);
	if (err == LD_ERR_LIMIT || err == LD_ERR_NOMEM)
		return outside(p, LIANDAN__VERDICT__TOO_LARGE, "larger than an event may be");
	if (err != LD_OK)
		return outside(p, LIANDAN__VERDICT__MALFORMED, "%.96s at byte %zu: %.60s",
			       fault.field, fault.offset,
			       fault.what != NULL ? fault.what : "not well-formed");
	p->parsed = true;
	return true;
}

/* Ledger, key, topic. The key says whose topic it is. */
static bool step_identity(struct ld_region *r, struct pass *p)
{
	const Liandan__Event *e = p->opened.event;

	if (memcmp(e->ledger_id.data, r->custody.ledger_id, LD_HASH_BYTES) != 0 ||
	    strcmp(e->region, r->name) != 0)
		return outside(p, LIANDAN__VERDICT__WRONG_LEDGER, "the event names another ledger");
	p->signer = ld_keyring_get(r->keys, &r->custody, e->submitter.data);
	if (p->signer == NULL)
		return outside(p, LIANDAN__VERDICT__UNKNOWN_KEY,
			       "the submitter's key is not enrolled");
	if (strcmp(p->signer->rec->party, p->party) != 0 ||
	    strcmp(p->signer->rec->device, p->device) != 0)
		return outside(p, LIANDAN__VERDICT__WRONG_TOPIC, "this key belongs on %.64s/%.64s",
			       p->signer->rec->party, p->signer->rec->device);
	return true;
}

struct first {
	uint64_t index;
	bool found;
};

static int take_first(void *ctx, uint64_t index)
{
	struct first *f = ctx;

	f->index = index;
	f->found = true;
	return 1;
}

static bool known_event(struct ld_region *r, const struct pass *p, uint64_t *index)
{
	const Liandan__Event *e = p->opened.event;
	struct first f = {0};

	if (ld_recent_find(r->recent, p->opened.event_hash, index))
		return true;
	if (e->epoch > p->chain->epoch ||
	    (e->epoch == p->chain->epoch && e->seq > p->chain->last_seq))
		return false;
	ld_index_find(r->index, LD_IX_HASH, p->opened.event_hash, 16, 0, 1, take_first, &f);
	*index = f.index;
	return f.found;
}

/* CUSTODY, Normal: keys expire on the road; what is under way is watched and may arrive. */
static bool finishes_delivery(const Liandan__Event *e)
{
	switch ((int)e->body_case) {
	case LIANDAN__EVENT__BODY_STOP_BEGUN:
	case LIANDAN__EVENT__BODY_STOP_ENDED:
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_ENTERED:
	case LIANDAN__EVENT__BODY_TEMPORARY_STORAGE_LEFT:
	case LIANDAN__EVENT__BODY_ARRIVED:
	case LIANDAN__EVENT__BODY_RECEIVED:
	case LIANDAN__EVENT__BODY_ACCEPTED:
	case LIANDAN__EVENT__BODY_PARTLY_ACCEPTED:
	case LIANDAN__EVENT__BODY_REJECTED:
	case LIANDAN__EVENT__BODY_ACCIDENT_REPORTED:
		return true;
	default:
		return (int)e->body_case >= 400;
	}
}

/* PROTOCOL, Genesis and keys: compromised = refused from here on; superseded = events up to
 * effective_ms until grace_until_ms. Expiry on the road: what occurred before it may still arrive
 * for as long as a held event would wait. */
static bool key_good(struct ld_region *r, struct pass *p, const Custody__Key *k)
{
	int64_t now = r->at_ms, occurred = p->opened.event->occurred_at_ms;

	if (k->revoked == LIANDAN__REVOCATION_REASON__REVOCATION_REASON_COMPROMISED ||
	    (k->revoked == LIANDAN__REVOCATION_REASON__REVOCATION_REASON_SUPERSEDED &&
	     (occurred > k->effective_ms || now > k->grace_until_ms)))
		return outside(p, LIANDAN__VERDICT__KEY_REVOKED, "key of %.64s/%.64s was revoked",
			       k->party, k->device);
	if (now < k->from_ms)
		return outside(p, LIANDAN__VERDICT__KEY_NOT_VALID_NOW, "valid from %" PRId64 " on",
			       k->from_ms);
	if (k->to_ms != 0 && (now - r->custody.rules->held_ms >= k->to_ms ||
			      (occurred >= k->to_ms && !finishes_delivery(p->opened.event))))
		return outside(p, LIANDAN__VERDICT__KEY_NOT_VALID_NOW, "was valid until %" PRId64,
			       k->to_ms);
	return true;
}

/* The key of cosigner i: enrolled and good, or the one that this very event enrols (*fresh, the
 * caller's), which proves its possession here. NULL: the verdict is set. */
static struct ld_key *cosigner_key(struct ld_region *r, struct pass *p, size_t i,
				   struct ld_key **fresh)
{
	const Liandan__Event *e = p->opened.event;
	const uint8_t *key_id = e->cosigners[i].data;
	struct ld_ring_key *k = ld_keyring_get(r->keys, &r->custody, key_id);
	uint8_t id[LD_KEY_ID_BYTES];

	if (k != NULL)
		return key_good(r, p, k->rec) ? k->key : NULL;
	if (e->body_case == LIANDAN__EVENT__BODY_KEY_ENROLLED && *fresh == NULL) {
		const Liandan__KeyEnrolled *body = e->key_enrolled;

		ld_key_id_of_spki(body->spki.data, body->spki.len, id);
		if (memcmp(id, key_id, LD_KEY_ID_BYTES) == 0 &&
		    ld_key_public(body->spki.data, body->spki.len, body->algorithm, fresh) == LD_OK)
			return *fresh;
	}
	outside(p, LIANDAN__VERDICT__UNKNOWN_KEY,
		"cosigner %zu is neither enrolled nor the usable key that is to be", i + 1);
	return NULL;
}

/* The signatures over the exact bytes. */
static bool step_verify(struct ld_region *r, struct pass *p)
{
	const Liandan__Event *e = p->opened.event;
	struct ld_key *keys[LD_MAX_SIGNATURES] = {p->signer->key};
	struct ld_key *fresh = NULL;
	bool ok = true;

	for (size_t i = 0; ok && i < e->n_cosigners; i++)
		ok = (keys[i + 1] = cosigner_key(r, p, i, &fresh)) != NULL;
	p->verified = true;
	if (ok) {
		p->signature_good = ld_open_verify(&p->opened, keys, 1 + e->n_cosigners) == LD_OK;
		ok = p->signature_good ||
		     outside(p, LIANDAN__VERDICT__BAD_SIGNATURE, "a signature does not verify");
	}
	ld_key_free(fresh);
	return ok;
}

static bool is_custody(const Liandan__Event *e)
{
	return (int)e->body_case >= 200 && (int)e->body_case < 400;
}

/* DESIGN: at most 20 manifest and stock events a second and key. Tracks and the rest share the
 * bucket at a small weight: an outbox of an offline day may empty itself, a flood may not. */
static bool throttled(struct ld_region *r, struct pass *p)
{
	const uint32_t weight = is_custody(p->opened.event) ? LD_CUSTODY_WEIGHT : 1;

	if (p->signer->rec->subject == LIANDAN__KEY_SUBJECT__KEY_SUBJECT_AUTHORITY)
		return false; /* it registers a whole city in a row */
	return !ld_bucket_take(&p->signer->bucket, ld_clock_boot_ms(),
			       r->opt.custody_per_s * LD_CUSTODY_WEIGHT, weight);
}

static bool holds(struct ld_region *r, uint64_t index, const uint8_t *event_hash)
{
	struct ld_fact f = {0};
	const uint8_t *bytes;
	size_t len;
	Liandan__Entry *e;

	if (ld_region_reader(r) != LD_OK || ld_core_read(r->reader, index, &bytes, &len) != LD_OK)
		return false;
	e = liandan__entry__unpack(&r->scratch.pb, len, bytes);
	return e != NULL && e->content_case == LIANDAN__ENTRY__CONTENT_ENVELOPE &&
	       ld_apply_decode(&r->custody, e->envelope.data, e->envelope.len, &f) == LD_OK &&
	       memcmp(f.event_hash, event_hash, LD_HASH_BYTES) == 0;
}

/* The entry that used this epoch and seq first. Newer than the index: only the chain's last one is
 * known. */
static bool first_of(struct ld_region *r, const struct pass *p, uint64_t *index)
{
	const Liandan__Event *e = p->opened.event;
	uint8_t key[LD_KEY_ID_BYTES + 12];
	struct first f = {0};

	*index = p->chain->last_index;
	if (e->seq == p->chain->last_seq && e->epoch == p->chain->epoch)
		return memcmp(p->chain->last_hash.data, p->opened.event_hash, LD_HASH_BYTES) != 0;
	memcpy(key, e->submitter.data, LD_KEY_ID_BYTES);
	for (int i = 0; i < 4; i++)
		key[LD_KEY_ID_BYTES + i] = (uint8_t)(e->epoch >> (24 - 8 * i));
	for (int i = 0; i < 8; i++)
		key[LD_KEY_ID_BYTES + 4 + i] = (uint8_t)(e->seq >> (56 - 8 * i));
	ld_index_find(r->index, LD_IX_SIGNER, key, sizeof key, 0, 1, take_first, &f);
	*index = f.index;
	return f.found && !holds(r, f.index, p->opened.event_hash);
}

/* Same seq, other bytes, both validly signed: recorded, so that neither can be denied. */
static enum ld_err record_fork(struct ld_region *r, struct pass *p)
{
	struct ld_own_list own = {.n = 0};
	Liandan__ForkObserved *fork;
	enum ld_err err;

	if (memcmp(p->signer->fork_hash, p->opened.event_hash, LD_HASH_BYTES) == 0)
		return LD_OK; /* this one is on record: a repeat adds nothing */
	memcpy(p->signer->fork_hash, p->opened.event_hash, LD_HASH_BYTES);
	fork = ld_own_add(&r->custody, &own, LIANDAN__OWN_EVENT__BODY_FORK_OBSERVED);
	if (fork == NULL)
		return LD_ERR_NOMEM;
	fork->first = p->first;
	fork->envelope =
	    (ProtobufCBinaryData){.len = p->len, .data = (uint8_t *)(uintptr_t)p->bytes};
	fork->key_id = p->opened.event->submitter;
	err = ld_region_own(r, &own);
	if (err != LD_OK)
		return ld_region_fail(r, err);
	return ld_region_flush(r);
}

/* PROTOCOL, Chain: contiguous seq, prev = hash of the event before. *fork: both are validly signed.
 */
static bool step_chain(struct ld_region *r, struct pass *p, bool *fork)
{
	const Liandan__Event *e = p->opened.event;
	const Custody__Chain *c = p->chain;
	Liandan__Verdict verdict;

	if (e->epoch == c->epoch && e->seq == c->last_seq + 1) {
		if (memcmp(e->prev.data, c->last_hash.data, LD_HASH_BYTES) == 0)
			return true;
		verdict = LIANDAN__VERDICT__PREVIOUS_MISMATCH;
	} else if (e->epoch < c->epoch || (e->epoch == c->epoch && e->seq <= c->last_seq)) {
		verdict = LIANDAN__VERDICT__SEQUENCE_FORK;
	} else {
		verdict = LIANDAN__VERDICT__SEQUENCE_GAP;
	}
	if (!step_verify(r, p))
		return false;
	p->expected.seq = c->last_seq + 1;
	memcpy(p->expected.prev, c->last_hash.data, LD_HASH_BYTES);
	*fork = verdict == LIANDAN__VERDICT__SEQUENCE_FORK;
	/* nobody is accused of a fork while we cannot see the first one: it may be an exact repeat
	 */
	if (*fork && (throttled(r, p) || !first_of(r, p, &p->first))) {
		*fork = false;
		return outside(p, LIANDAN__VERDICT__THROTTLED,
			       "too many forks a second, or the index is behind");
	}
	return outside(p, verdict, "expected epoch %" PRIu32 " seq %" PRIu64, c->epoch,
		       c->last_seq + 1);
}

static void queue_outputs(struct ld_region *r, const struct pass *p, const struct ld_fact *f,
			  Liandan__Verdict verdict)
{
	struct ld_out *o;

	if (verdict == LIANDAN__VERDICT__ACCEPTED && r->opt.sink.event != NULL) {
		o = ld_region_out(r, LD_OUT_EVENT, p->bytes, p->len);
		if (o != NULL) {
			ld_id_copy(o->party, p->party);
			ld_id_copy(o->device, p->device);
			memcpy(o->key_id, f->event->submitter.data, LD_KEY_ID_BYTES);
			o->index = f->index;
			o->recorded_at_ms = f->recorded_at_ms;
		}
	}
	o = ld_region_out(r, LD_OUT_RECEIPT, NULL, 0);
	if (o == NULL)
		return;
	ld_id_copy(o->party, p->party);
	ld_id_copy(o->device, p->device);
	memcpy(o->key_id, f->event->submitter.data, LD_KEY_ID_BYTES);
	memcpy(o->event_hash, f->event_hash, LD_HASH_BYTES);
	ld_sha256(p->bytes, p->len, o->payload_hash);
	o->index = f->index;
	o->epoch = f->event->epoch;
	o->seq = f->event->seq;
	o->telemetry = (int)f->event->body_case >= 400;
	if (p->correlation != NULL && p->correlation_len <= sizeof o->correlation) {
		memcpy(o->correlation, p->correlation, p->correlation_len);
		o->correlation_len = p->correlation_len;
	}
}

static void refuse_too_large(struct ld_judgement *j)
{
	memset(j, 0, sizeof *j);
	j->verdict = LIANDAN__VERDICT__ACCEPTED;
	ld_refuse(j, LIANDAN__REASON__LIMIT, "what it concerns is larger than one event may move");
}

/* Judge, append, apply, follow; in one open batch. too_large: it is refused, not judged. */
static enum ld_err record(struct ld_region *r, struct pass *p, bool too_large)
{
	Liandan__Entry entry = LIANDAN__ENTRY__INIT;
	struct ld_fact f = {.event = p->opened.event,
			    .event_bytes = p->opened.event_bytes,
			    .event_len = p->opened.event_len,
			    .event_hash = p->opened.event_hash,
			    .signer = p->signer->rec};
	struct ld_judgement j;
	size_t mark;
	enum ld_err err;

	f.recorded_at_ms = r->at_ms;
	err = ld_apply_cosigners(&r->custody, &f);
	if (err != LD_OK)
		return err;
	if (too_large)
		refuse_too_large(&j);
	else
		ld_judge(&r->custody, &f, &j);
	entry.recorded_at_ms = f.recorded_at_ms;
	entry.verdict = j.verdict;
	entry.reason = j.reason;
	entry.n_violations = j.n_violations;
	entry.violations = j.violations;
	entry.content_case = LIANDAN__ENTRY__CONTENT_ENVELOPE;
	entry.envelope =
	    (ProtobufCBinaryData){.len = p->len, .data = (uint8_t *)(uintptr_t)p->bytes};
	entry.detail = j.detail;
	mark = r->scratch.used;
	err = ld_region_append(r, &entry, &f.index);
	if (err == LD_OK)
		err = ld_apply_event(&r->custody, &f, j.verdict, j.reason, &entry.envelope);
	r->scratch.used = mark; /* apply keeps nothing */
	if (err != LD_OK)
		return err;
	ld_recent_add(r->recent, f.event_hash, f.index);
	p->out->verdict = j.verdict;
	p->out->reason = j.reason;
	p->out->index = f.index;
	snprintf(p->out->detail, sizeof p->out->detail, "%s", j.detail);
	queue_outputs(r, p, &f, j.verdict);
	if (j.verdict != LIANDAN__VERDICT__ACCEPTED)
		ld_refused_out(r, p->party, p->device, p->bytes, p->len, p->out);
	if (j.verdict == LIANDAN__VERDICT__ACCEPTED)
		ld_region_touch(r, f.event, f.signer->party);
	if (j.verdict != LIANDAN__VERDICT__HELD)
		err = ld_region_follow(r, &f, &j);
	/* what found no room was left out: neither a verdict nor a consequence may rest on that */
	if (err == LD_OK && r->scratch.full)
		return LD_ERR_NOMEM;
	if (err == LD_OK && j.verdict == LIANDAN__VERDICT__ACCEPTED)
		ld_region_touch_keys(r, p->opened.event); /* last: f.signer may be among them */
	return err;
}

/* A refusal that came before the signatures were looked at is signed all the same where they are
 * good, so that a device can believe it (PROTOCOL: Verdicts). Few a second: nobody buys
 * verifications with rubbish. */
static void verify_for_receipt(struct ld_region *r, struct pass *p)
{
	struct ld_outcome verdict = *p->out;

	if (!p->parsed || p->verified || p->out->verdict == LIANDAN__VERDICT__UNKNOWN_KEY ||
	    !ld_receipt_affords(r, p->party, p->device))
		return;
	p->signer = ld_keyring_get(r->keys, &r->custody, p->opened.event->submitter.data);
	if (p->signer != NULL)
		step_verify(r, p);
	*p->out = verdict;
}

static enum ld_err run(struct ld_region *r, struct pass *p)
{
	Custody__Chain *chain;
	bool fork = false, behind;
	enum ld_err err;

	r->at_ms = ld_region_now(r);
	err = ld_region_clocks(r, &behind);
	if (err == LD_OK)
		err = ld_rules_at(&r->custody, r->at_ms);
	if (err != LD_OK)
		return err;
	if (!step_parse(r, p) || !step_identity(r, p))
		return LD_OK;
	if (ld_chain_get(&r->custody, p->opened.event->submitter.data, &chain) != LD_OK) {
		outside(p, LIANDAN__VERDICT__UNKNOWN_KEY, "the submitter's key has no chain");
		return LD_OK;
	}
	p->chain = chain;
	if (known_event(r, p, &p->out->index)) {
		p->out->duplicate = true;
		r->counts.duplicates++;
		return ld_receipt_again(r, p->signer->rec, &p->opened, p->out->index,
					p->correlation, p->correlation_len, p->out);
	}
	if (!key_good(r, p, p->signer->rec))
		return LD_OK;
	if (!step_chain(r, p, &fork) ? !fork : !step_verify(r, p))
		return LD_OK;
	if (behind) {
		outside(p, LIANDAN__VERDICT__THROTTLED, "many clocks have run out at once");
		return LD_OK;
	}
	if (fork)
		return record_fork(r, p);
	if (throttled(r, p)) {
		outside(p, LIANDAN__VERDICT__THROTTLED,
			"more than %" PRIu32 " custody events or %" PRIu32 " others a second",
			r->opt.custody_per_s, r->opt.custody_per_s * LD_CUSTODY_WEIGHT);
		return LD_OK;
	}
	err = record(r, p, false);
	if (err == LD_ERR_NOMEM) {
		/* the arena's bound: the same every time, so it gets a verdict */
		ld_region_fail(r, err);
		err = ld_region_clocks(r, &behind);
		if (err != LD_OK)
			return err;
		ld_arena_reset(&r->scratch);
		p->signer = ld_keyring_get(r->keys, &r->custody, p->opened.event->submitter.data);
		if (behind || p->signer == NULL ||
		    ld_chain_get(&r->custody, p->opened.event->submitter.data, &chain) != LD_OK)
			return LD_ERR_NOMEM;
		p->chain = chain;
		/* the batch that was dropped may have held this key's event before */
		if (!step_chain(r, p, &fork))
			return LD_OK;
		err = record(r, p, true);
	}
	if (err != LD_OK)
		return ld_region_fail(r, err);
	return is_custody(p->opened.event) ? ld_region_flush(r) : LD_OK;
}

enum ld_err ld_region_submit(struct ld_region *r, const char *party, const char *device,
			     const uint8_t *bytes, size_t len, const void *correlation,
			     size_t correlation_len, struct ld_outcome *out)
{
	struct pass p = {.party = party,
			 .device = device,
			 .bytes = bytes,
			 .len = len,
			 .correlation = correlation,
			 .correlation_len = correlation_len,
			 .out = out};
	enum ld_err err;

	memset(out, 0, sizeof *out);
	if (r->read_only_why[0] != '\0') {
		out->verdict = LIANDAN__VERDICT__UNAVAILABLE;
		snprintf(out->detail, sizeof out->detail, "%s", r->read_only_why);
		r->counts.verdict[LIANDAN__VERDICT__UNAVAILABLE]++;
		return LD_ERR_STATE;
	}
	err = run(r, &p);
	if (err != LD_OK) {
		out->verdict = LIANDAN__VERDICT__UNAVAILABLE;
		snprintf(out->detail, sizeof out->detail, "%s", ld_err_text(err));
		r->counts.verdict[LIANDAN__VERDICT__UNAVAILABLE]++;
		return err;
	}
	if (out->duplicate)
		return LD_OK;
	if ((unsigned)out->verdict < sizeof r->counts.verdict / sizeof r->counts.verdict[0])
		r->counts.verdict[out->verdict]++;
	if ((unsigned)out->reason < sizeof r->counts.reason / sizeof r->counts.reason[0])
		r->counts.reason[out->reason]++;
	if (ld_verdict_in_ledger(out->verdict))
		return LD_OK;
	verify_for_receipt(r, &p);
	ld_receipt_outside(r, party, device, bytes, len, p.parsed ? &p.opened : NULL,
			   p.signature_good, &p.expected, correlation, correlation_len, out);
	ld_refused_out(r, party, device, bytes, len, out);
	return LD_OK;
}
