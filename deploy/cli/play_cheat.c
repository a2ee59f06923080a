#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/play.h"

/* The cheats' own messages: forged, replayed, out of order. Where a message stays outside the
 * custody chain the honest step follows. */

static const struct ld_day_trip *day_trip(const struct ld_play *p, size_t trip)
{
	return &p->day->trips[trip];
}

static struct ld_play_device *driver_of(struct ld_play *p, size_t trip)
{
	return ld_play_device(p, LD_DEVICE_DRIVER, day_trip(p, trip)->driver.at);
}

/* Who brings it to the receiver: the last of its drivers. */
static struct ld_play_device *bringer_of(struct ld_play *p, size_t trip)
{
	return ld_play_device(p, LD_DEVICE_DRIVER, p->sim->trips[trip].brings_driver);
}

static struct ld_play_device *receiver_of(struct ld_play *p, size_t trip)
{
	return ld_play_device(p, LD_DEVICE_CLERK, day_trip(p, trip)->receiver.at);
}

static struct ld_play_send attack_of(struct ld_play *p, size_t trip, struct ld_play_device *by,
				     int64_t at_ms, enum ld_sim_what what)
{
	return (struct ld_play_send){.device = by,
				     .at_ms = at_ms,
				     .trip = (int)trip,
				     .what = what,
				     .attack = true,
				     .hash = p->trips[trip].hash[what],
				     .sent = &p->trips[trip].sent[what]};
}

static enum ld_err send_event(struct ld_play *p, size_t trip, struct ld_play_device *by,
			      Liandan__Event *e, int64_t at_ms)
{
	struct ld_play_send s = attack_of(p, trip, by, at_ms, LD_STEP_ATTACK);

	s.event = e;
	return ld_play_send(p, &s);
}

/* Seals with a copy of a chain, so that the device's own goes on as if nothing had been, and
 * publishes once. */
static enum ld_err publish_once(struct ld_play *p, size_t trip, struct ld_play_device *on,
				struct ld_signer chain, Liandan__Event *e, int64_t at_ms)
{
	struct ld_play_send s = attack_of(p, trip, on, at_ms, LD_STEP_ATTACK);
	uint8_t *bytes = NULL;
	size_t len = 0;

	enum ld_err err = ld_signer_seal(&chain, e, NULL, 0, &bytes, &len, NULL, NULL);
	if (!err)
		err = ld_play_raw(p, on, NULL, bytes, len, &s);
	free(bytes);
	return err;
}

/* In the driver's name, in his chain, with another key: what a thief of the phone's queue could do.
 */
static enum ld_err forged(struct ld_play *p, size_t trip, Liandan__Event *e, int64_t at_ms)
{
	struct ld_play_device *by = driver_of(p, trip);
	struct ld_play_send s = attack_of(p, trip, by, at_ms, LD_STEP_ATTACK);
	struct ld_key *key = NULL;
	uint8_t signature[LD_MAX_SIGNATURE_BYTES];
	size_t signature_len = 0;
	Liandan__Envelope envelope = LIANDAN__ENVELOPE__INIT;
	Liandan__Signature sig = LIANDAN__SIGNATURE__INIT;
	Liandan__Signature *sigs[1] = {&sig};

	e->ledger_id = ld_play_bytes(p, by->signer.ledger.ledger_id, LD_HASH_BYTES);
	e->region = by->signer.ledger.region;
	e->submitter = ld_play_bytes(p, ld_key_id(by->key), LD_KEY_ID_BYTES);
	e->epoch = by->signer.epoch;
	e->seq = by->signer.seq + 1;
	e->prev = ld_play_bytes(p, by->signer.prev, LD_HASH_BYTES);
	size_t len = liandan__event__get_packed_size(e);
	uint8_t *event = ld_arena_alloc(&p->arena, len);
	enum ld_err err =
	    event ? ld_key_generate(LIANDAN__ALGORITHM__ALGORITHM_P256, &key) : LD_ERR_NOMEM;
	if (err)
		return err;
	liandan__event__pack(e, event);
	err = ld_key_sign(key, LD_EVENT_TYPE, event, len, signature, &signature_len);
	ld_key_free(key);
	sig.key_id = e->submitter;
	sig.signature = (ProtobufCBinaryData){signature_len, signature};
	envelope.event = (ProtobufCBinaryData){len, event};
	envelope.n_signatures = 1;
	envelope.signatures = sigs;
	uint8_t *bytes = ld_arena_alloc(&p->arena, liandan__envelope__get_packed_size(&envelope));
	if (!err && bytes) {
		size_t n = liandan__envelope__pack(&envelope, bytes);
		err = ld_play_raw(p, by, NULL, bytes, n, &s);
	}
	return err;
}

static enum ld_err stranger(struct ld_play *p, size_t trip, Liandan__Event *e, int64_t at_ms)
{
	struct ld_play_device *by = driver_of(p, trip);
	struct ld_signer chain = by->signer;
	struct ld_key *key = NULL;

	enum ld_err err = ld_key_generate(LIANDAN__ALGORITHM__ALGORITHM_P256, &key);
	if (err)
		return err;
	chain.key = key;
	err = publish_once(p, trip, by, chain, e, at_ms);
	ld_key_free(key);
	return err;
}

static enum ld_err garbage(struct ld_play *p, size_t trip, int64_t at_ms)
{
	struct ld_play_device *by = driver_of(p, trip);
	struct ld_play_send s = attack_of(p, trip, by, at_ms, LD_STEP_ATTACK);
	uint8_t bytes[200];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return LD_ERR_IO;
	bytes[0] = 0xFF;
	return ld_play_raw(p, by, NULL, bytes, sizeof(bytes), &s);
}

/* The old hand-over again: from the receiver's connection, and on the driver's own topic. */
static enum ld_err replayed(struct ld_play *p, size_t trip, int64_t at_ms)
{
	struct ld_play_trip *t = &p->trips[trip];
	struct ld_play_device *thief = receiver_of(p, trip);
	struct ld_play_send s = attack_of(p, trip, thief, at_ms, LD_STEP_ATTACK);

	if (!t->old_bytes)
		return LD_ERR_STATE;
	enum ld_err err = ld_play_raw(p, thief, NULL, t->old_bytes, t->old_len, &s);
	struct ld_play_send again =
	    attack_of(p, trip, driver_of(p, trip), at_ms, LD_STEP_ATTACK_TWO);
	return err ? err
		   : ld_play_raw(p, driver_of(p, trip), NULL, t->old_bytes, t->old_len, &again);
}

static enum ld_err same_person(struct ld_play *p, size_t trip, bool second, int64_t at_ms)
{
	struct ld_play_trip *t = &p->trips[trip];
	struct ld_play_device *two =
	    ld_play_device(p, LD_DEVICE_DOUBLE, (int)(p->sim->trips[trip].cheat - p->day->acts));
	Liandan__Event e;

	if (!second)
		return ld_play_offered(p, trip, two, t->content, LD_STEP_ATTACK, at_ms, true);
	ld_play_event_init(p, &e, at_ms);
	ld_play_track_flush(p, (size_t)day_trip(p, trip)->truck.at, at_ms);
	const struct ld_play_taking taking = {driver_of(p, trip), day_trip(p, trip)->truck.id,
					      t->hash[LD_STEP_ATTACK], 1};
	enum ld_err err = ld_play_taken_fill(p, trip, &taking, at_ms, &e);
	if (err)
		return err;
	struct ld_play_send s = attack_of(p, trip, driver_of(p, trip), at_ms, LD_STEP_ATTACK_TWO);
	s.event = &e;
	return ld_play_send(p, &s);
}

/* The clerk takes the false offer back, so that an honest one can follow. */
static enum ld_err withdrawn(struct ld_play *p, size_t trip, int64_t at_ms)
{
	struct ld_play_trip *t = &p->trips[trip];
	Liandan__OfferWithdrawn *w = ld_arena_alloc(&p->arena, sizeof(*w));
	Liandan__Event e;

	if (!w)
		return LD_ERR_NOMEM;
	liandan__offer_withdrawn__init(w);
	ld_play_event_init(p, &e, at_ms);
	w->manifest = ld_play_bytes(p, t->manifest, LD_UUID_BYTES);
	w->offer = ld_play_bytes(p, t->hash[LD_STEP_ATTACK], LD_HASH_BYTES);
	w->reason = LIANDAN__DECLINE_REASON__DECLINE_REASON_OTHER;
	e.body_case = LIANDAN__EVENT__BODY_OFFER_WITHDRAWN;
	e.offer_withdrawn = w;
	struct ld_play_send s =
	    attack_of(p, trip, ld_play_device(p, LD_DEVICE_CLERK, day_trip(p, trip)->generator.at),
		      at_ms, LD_STEP_WITHDRAWN);
	s.event = &e;
	return ld_play_send(p, &s);
}

static enum ld_err overdrawn(struct ld_play *p, size_t trip, bool second, int64_t at_ms)
{
	struct ld_play_trip *t = &p->trips[trip];
	int64_t mass = 10000000;

	/* more than this site can hold of all the day's trips together */
	for (size_t i = 0; i < p->day->n_trips; i++)
		mass += p->day->trips[i].site.at == day_trip(p, trip)->site.at
			    ? p->day->trips[i].mass_g
			    : 0;

	/* a second manifest over what the first has bound already; its id is the first's with other
	 * last bytes */
	uint8_t id[LD_UUID_BYTES];
	memcpy(id, t->manifest, sizeof(id));
	id[LD_UUID_BYTES - 1] ^= 0xFF;
	id[LD_UUID_BYTES - 2] ^= 0xFF;
	if (!second) {
		uint8_t *keep = t->created;
		size_t keep_len = t->created_len;
		t->created = NULL;
		enum ld_err err =
		    ld_play_created(p, trip, LD_STEP_ATTACK, NULL, mass, id, at_ms, true);
		free(keep);
		(void)keep_len;
		return err;
	}
	return ld_play_sealed(p, trip, NULL, mass, id, at_ms, true);
}

/* Fills the event that several cheats start from: a hand-over of this trip. */
static enum ld_err base_taken(struct ld_play *p, size_t trip, int64_t at_ms, Liandan__Event *e)
{
	ld_play_event_init(p, e, at_ms);
	const struct ld_play_taking taking = {driver_of(p, trip), day_trip(p, trip)->truck.id,
					      p->trips[trip].hash[LD_STEP_OFFERED], 1};
	return ld_play_taken_fill(p, trip, &taking, at_ms, e);
}

static enum ld_err attack_taken(struct ld_play *p, size_t trip, enum ld_day_word word,
				int64_t at_ms)
{
	struct ld_play_device *by = driver_of(p, trip);
	struct ld_signer chain = by->signer;
	Liandan__Event e;

	enum ld_err err = base_taken(p, trip, at_ms, &e);
	if (err)
		return err;
	if (word == LD_CHEAT_forged_signature)
		return forged(p, trip, &e, at_ms);
	if (word == LD_CHEAT_unknown_key)
		return stranger(p, trip, &e, at_ms);
	chain.ledger.ledger_id[0] ^= 0xFF; /* other_ledger */
	return publish_once(p, trip, by, chain, &e, at_ms);
}

static enum ld_err attack_received(struct ld_play *p, size_t trip, struct ld_play_device *by,
				   int64_t at_ms)
{
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	enum ld_err err = ld_play_received_fill(p, trip, at_ms, &e);
	return err ? err : send_event(p, trip, by, &e, at_ms);
}

static enum ld_err attack_arrived(struct ld_play *p, size_t trip, bool fork, int64_t at_ms)
{
	struct ld_play_device *by = bringer_of(p, trip);
	struct ld_signer chain = by->signer;
	Liandan__Event e;

	ld_play_event_init(p, &e, at_ms);
	enum ld_err err = ld_play_arrived_fill(p, trip, at_ms, &e);
	if (err)
		return err;
	if (!fork) { /* clock_ahead */
		e.occurred_at_ms += 48 * INT64_C(3600000);
		return send_event(p, trip, by, &e, at_ms);
	}
	/* the number that his last event has used, with other bytes */
	e.note = ld_arena_str(&p->arena, "another story");
	chain.seq--;
	return publish_once(p, trip, by, chain, &e, at_ms);
}

enum ld_err ld_play_attack(struct ld_play *p, size_t trip, bool second, int64_t at_ms)
{
	const struct ld_day_act *a = p->sim->trips[trip].cheat;
	struct ld_play_trip *t = &p->trips[trip];
	struct ld_play_device *clerk =
	    ld_play_device(p, LD_DEVICE_CLERK, day_trip(p, trip)->generator.at);
	uint8_t other[LD_HASH_BYTES];

	switch (a->word) {
	case LD_CHEAT_forged_signature:
	case LD_CHEAT_unknown_key:
	case LD_CHEAT_other_ledger:
		return attack_taken(p, trip, a->word, at_ms);
	case LD_CHEAT_garbage:
		return garbage(p, trip, at_ms);
	case LD_CHEAT_replayed_event:
		return replayed(p, trip, at_ms);
	case LD_CHEAT_out_of_order:
		return attack_received(p, trip, receiver_of(p, trip), at_ms);
	case LD_CHEAT_wrong_role:
		return attack_received(p, trip, bringer_of(p, trip), at_ms);
	case LD_CHEAT_clock_ahead:
		return attack_arrived(p, trip, false, at_ms);
	case LD_CHEAT_forked_chain:
		return attack_arrived(p, trip, true, at_ms);
	case LD_CHEAT_recycled_manifest:
		return ld_play_created(p, trip, LD_STEP_ATTACK, NULL, day_trip(p, trip)->mass_g,
				       t->manifest, at_ms, true);
	case LD_CHEAT_container_twice:
		return ld_play_sealed(p, trip, ld_play_container(p, (size_t)a->other.at, 0),
				      day_trip(p, trip)->mass_g, t->manifest, at_ms, true);
	case LD_CHEAT_changed_content:
		memcpy(other, t->content, sizeof(other));
		other[0] ^= 0xFF;
		return ld_play_offered(p, trip, clerk, other, LD_STEP_ATTACK, at_ms, true);
	case LD_CHEAT_revoked_key:
		return ld_play_offered(p, trip,
				       ld_play_device(p, LD_DEVICE_FORMER, (int)(a - p->day->acts)),
				       t->content, LD_STEP_ATTACK, at_ms, true);
	case LD_CHEAT_overdrawn:
		return overdrawn(p, trip, second, at_ms);
	case LD_CHEAT_same_person:
		/* `second` covers both the hand-over and, later, the withdrawal */
		if (second && t->sent[LD_STEP_ATTACK_TWO])
			return withdrawn(p, trip, at_ms);
		return same_person(p, trip, second, at_ms);
	default:
		return LD_ERR_ARG;
	}
}
