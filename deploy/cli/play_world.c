#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/play.h"
#include "proto/base64.h"
#include "proto/digest.h"
#include "proto/verdict.h"

/* The world as the authority registers it: online, signed, in one pipelined run of its chain. */

#define DAY_MS (INT64_C(24) * 3600000)
#define RING_POINTS 16
#define REGISTER_TIMEOUT_MS 60000
#define STR(text) ((char *)(uintptr_t)(text))
#define NO_SENT SIZE_MAX

/* ---- the authority's events ---- */

static enum ld_err put(struct ld_play *p, Liandan__Event *e, struct ld_key *cosigner,
		       uint8_t hash[LD_HASH_BYTES])
{
	struct ld_gate_fault fault = {0, "", ""};
	uint8_t *bytes = NULL;
	size_t len = 0;

	e->occurred_at_ms = p->clock_known ? p->clock_ms : ld_wall_ms();
	e->clock = LIANDAN__CLOCK__CLOCK_NTP;
	enum ld_err err = ld_signer_seal(&p->authority_signer, e, &cosigner, cosigner ? 1 : 0,
					 &bytes, &len, hash, &fault);
	if (err) {
		ld_play_problem(p, "the authority cannot sign: %s %s", fault.field,
				fault.what ? fault.what : ld_err_text(err));
		return err;
	}
	/* registry events may run ahead of their receipts: that lane pipelines */
	err = ld_client_queue(p->authority, LD_LANE_TELEMETRY, bytes, len, NO_SENT);
	free(bytes);
	p->registry_waiting += err == LD_OK;
	return err;
}

static int64_t from_ms(const struct ld_play *p)
{
	return p->clock_ms - DAY_MS;
}

static enum ld_err put_party(struct ld_play *p, const char *id, const char *name, uint32_t roles,
			     uint32_t tier)
{
	Liandan__Event e = LIANDAN__EVENT__INIT;
	Liandan__PartyRegistered r = LIANDAN__PARTY_REGISTERED__INIT;

	r.party = STR(id);
	r.name = STR(name[0] ? name : id);
	r.roles = roles;
	r.tier = (Liandan__Tier)tier;
	r.from_ms = from_ms(p);
	e.body_case = LIANDAN__EVENT__BODY_PARTY_REGISTERED;
	e.party_registered = &r;
	return put(p, &e, NULL, NULL);
}

static enum ld_err put_parties(struct ld_play *p)
{
	enum ld_err err = put_party(p, "regulator-office", "监管执法支队 Enforcement office",
				    LIANDAN__ROLE__ROLE_REGULATOR, 0);

	for (size_t i = 0; i < p->day->n_parties && !err; i++) {
		const struct ld_day_party *d = &p->day->parties[i];
		err = put_party(p, d->id, d->zh[0] ? d->zh : d->en, d->roles, d->tier);
	}
	return err;
}

/* A round fence as a ring whose edge lies at least the radius away. */
static enum ld_err put_site(struct ld_play *p, const struct ld_day_site *d)
{
	Liandan__Event e = LIANDAN__EVENT__INIT;
	Liandan__SiteRegistered r = LIANDAN__SITE_REGISTERED__INIT;
	Liandan__RingPoint points[LD_MAX_RING_POINTS];
	Liandan__RingPoint *ring[LD_MAX_RING_POINTS];
	uint32_t n = d->radius_m ? RING_POINTS : d->n_ring;
	double cos_lat = cos((double)d->gate.lat_e7 * 1e-7 * M_PI / 180.0);

	for (uint32_t i = 0; i < n; i++) {
		double angle = 2 * M_PI * i / n;
		double m = d->radius_m / cos(M_PI / RING_POINTS) / 0.0111319490793;
		liandan__ring_point__init(&points[i]);
		points[i].lat_e7 =
		    d->radius_m ? d->gate.lat_e7 + (int32_t)(m * cos(angle)) : d->ring[i].lat_e7;
		points[i].lon_e7 = d->radius_m
				       ? d->gate.lon_e7 + (int32_t)(m * sin(angle) / cos_lat)
				       : d->ring[i].lon_e7;
		ring[i] = &points[i];
	}
	r.site = STR(d->id);
	r.party = STR(d->party.id);
	r.kind = (Liandan__SiteKind)d->kind;
	r.n_ring = n;
	r.ring = ring;
	r.from_ms = from_ms(p);
	r.name = STR(d->zh[0] ? d->zh : d->en);
	e.body_case = LIANDAN__EVENT__BODY_SITE_REGISTERED;
	e.site_registered = &r;
	return put(p, &e, NULL, NULL);
}

static enum ld_err put_licence(struct ld_play *p, const struct ld_day_party *d, uint32_t kind)
{
	Liandan__Event e = LIANDAN__EVENT__INIT;
	Liandan__LicenceGranted r = LIANDAN__LICENCE_GRANTED__INIT;
	char *codes[LD_DAY_MAX_CODES];
	char id[LD_MAX_ID_BYTES + 1];

	if (d->n_codes == 0)
		return LD_OK;
	snprintf(id, sizeof(id), "%s-%.50s",
		 kind == LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY ? "carry" : "operate", d->id);
	for (uint32_t i = 0; i < d->n_codes; i++)
		codes[i] = STR(d->codes[i]);
	r.licence = id;
	r.party = STR(d->id);
	r.kind = (Liandan__LicenceKind)kind;
	r.n_codes = d->n_codes;
	r.codes = codes;
	r.from_ms = from_ms(p);
	r.to_ms = p->clock_ms + 365 * DAY_MS;
	e.body_case = LIANDAN__EVENT__BODY_LICENCE_GRANTED;
	e.licence_granted = &r;
	return put(p, &e, NULL, NULL);
}

static enum ld_err put_licences(struct ld_play *p)
{
	enum ld_err err = LD_OK;

	for (size_t i = 0; i < p->day->n_parties && !err; i++) {
		const struct ld_day_party *d = &p->day->parties[i];
		if (d->roles & LIANDAN__ROLE__ROLE_CARRIER)
			err = put_licence(p, d, LIANDAN__LICENCE_KIND__LICENCE_KIND_CARRY);
		if (!err && (d->roles & LIANDAN__ROLE__ROLE_RECEIVER))
			err = put_licence(p, d, LIANDAN__LICENCE_KIND__LICENCE_KIND_OPERATE);
	}
	return err;
}

/* Who holds a second key with another firm is not on the register of persons: that would be
 * refused. */
static bool two_faced(const struct ld_play *p, const char *person)
{
	for (size_t i = 0; i < p->n_devices; i++)
		if (p->devices[i].kind == LD_DEVICE_DOUBLE &&
		    strcmp(p->devices[i].person, person) == 0)
			return true;
	return false;
}

static enum ld_err put_person(struct ld_play *p, const struct ld_play_device *d)
{
	Liandan__Event e = LIANDAN__EVENT__INIT;
	Liandan__PersonRegistered r = LIANDAN__PERSON_REGISTERED__INIT;

	if (d->subject != LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON || two_faced(p, d->person))
		return LD_OK;
	r.person = STR(d->person);
	r.party = STR(d->party);
	r.roles = d->roles;
	e.body_case = LIANDAN__EVENT__BODY_PERSON_REGISTERED;
	e.person_registered = &r;
	return put(p, &e, NULL, NULL);
}

static enum ld_err put_key(struct ld_play *p, struct ld_play_device *d)
{
	Liandan__Event e = LIANDAN__EVENT__INIT;
	Liandan__KeyEnrolled r = LIANDAN__KEY_ENROLLED__INIT;
	size_t len = 0;
	const uint8_t *spki = ld_key_spki(d->key, &len);

	if (d->enrolled)
		return LD_OK;
	r.spki = (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)spki};
	r.algorithm = ld_key_algorithm(d->key);
	r.party = d->party;
	r.device = d->device;
	r.subject = (Liandan__KeySubject)d->subject;
	r.subject_id =
	    d->subject == LIANDAN__KEY_SUBJECT__KEY_SUBJECT_PERSON ? d->person : d->device;
	r.roles = d->roles;
	r.protection = d->kind == LD_DEVICE_TERMINAL ? LIANDAN__PROTECTION__PROTECTION_HARDWARE
						     : LIANDAN__PROTECTION__PROTECTION_SOFTWARE;
	r.from_ms = from_ms(p);
	e.body_case = LIANDAN__EVENT__BODY_KEY_ENROLLED;
	e.key_enrolled = &r;
	/* a chain begins with the hash of the event that enrolled its key */
	return put(p, &e, d->key, d->signer.prev);
}

static enum ld_err put_truck(struct ld_play *p, size_t i)
{
	const struct ld_day_truck *t = &p->day->trucks[i];
	const struct ld_play_device *d = ld_play_device(p, LD_DEVICE_TERMINAL, (int)i);
	Liandan__Event e = LIANDAN__EVENT__INIT;
	Liandan__VehicleRegistered v = LIANDAN__VEHICLE_REGISTERED__INIT;
	Liandan__TerminalMounted m = LIANDAN__TERMINAL_MOUNTED__INIT;

	v.plate = STR(t->id);
	v.plate_colour = LIANDAN__PLATE_COLOUR__PLATE_COLOUR_YELLOW;
	v.party = STR(t->carrier.id);
	v.kind = LIANDAN__VEHICLE_KIND__VEHICLE_KIND_TRUCK;
	v.max_net_g = t->max_g;
	v.tare_g = t->tare_g;
	e.body_case = LIANDAN__EVENT__BODY_VEHICLE_REGISTERED;
	e.vehicle_registered = &v;
	enum ld_err err = put(p, &e, NULL, NULL);
	if (err || d->enrolled)
		return err;
	liandan__event__init(&e);
	m.terminal = STR(d->device);
	m.key_id = (ProtobufCBinaryData){LD_KEY_ID_BYTES, (uint8_t *)(uintptr_t)ld_key_id(d->key)};
	m.plate = STR(t->id);
	m.at_ms = from_ms(p);
	m.odometer_m = p->sim->trucks[i].legs[0].odo_a_m;
	e.body_case = LIANDAN__EVENT__BODY_TERMINAL_MOUNTED;
	e.terminal_mounted = &m;
	return put(p, &e, NULL, NULL);
}

static bool out_of_date(const struct ld_play *p, size_t scale)
{
	for (size_t i = 0; i < p->day->n_acts; i++)
		if (p->day->acts[i].word == LD_CHEAT_expired_scale &&
		    p->day->acts[i].scale.at == (int)scale)
			return true;
	return false;
}

static enum ld_err put_scale(struct ld_play *p, size_t i)
{
	const struct ld_day_scale *s = &p->day->scales[i];
	const struct ld_day_site *site = &p->day->sites[s->site.at];
	Liandan__Event e = LIANDAN__EVENT__INIT;
	Liandan__InstrumentRegistered r = LIANDAN__INSTRUMENT_REGISTERED__INIT;
	Liandan__InstrumentVerified v = LIANDAN__INSTRUMENT_VERIFIED__INIT;
	Liandan__WeighingRange range = LIANDAN__WEIGHING_RANGE__INIT;
	Liandan__WeighingRange *ranges[1] = {&range};

	range.to_g = s->max_g;
	range.e_g = s->e_g;
	r.instrument = STR(s->id);
	r.party = STR(site->party.id);
	r.site = STR(site->id);
	r.kind = LIANDAN__INSTRUMENT_KIND__INSTRUMENT_KIND_TRUCK_SCALE;
	r.class_ = LIANDAN__ACCURACY_CLASS__ACCURACY_CLASS_III;
	r.max_g = s->max_g;
	r.n_ranges = 1;
	r.ranges = ranges;
	e.body_case = LIANDAN__EVENT__BODY_INSTRUMENT_REGISTERED;
	e.instrument_registered = &r;
	enum ld_err err = put(p, &e, NULL, NULL);
	if (err)
		return err;
	liandan__event__init(&e);
	v.instrument = STR(s->id);
	v.certificate = STR("JJG 539");
	v.body = STR("metrology-institute");
	v.at_ms = p->clock_ms - 200 * DAY_MS;
	v.to_ms = out_of_date(p, i) ? p->clock_ms - 2 * DAY_MS : p->clock_ms + 165 * DAY_MS;
	e.body_case = LIANDAN__EVENT__BODY_INSTRUMENT_VERIFIED;
	e.instrument_verified = &v;
	return put(p, &e, NULL, NULL);
}

static enum ld_err put_revocations(struct ld_play *p)
{
	enum ld_err err = LD_OK;

	for (size_t i = 0; i < p->n_devices && !err; i++) {
		const struct ld_play_device *d = &p->devices[i];
		Liandan__Event e = LIANDAN__EVENT__INIT;
		Liandan__KeyRevoked r = LIANDAN__KEY_REVOKED__INIT;
		if (d->kind != LD_DEVICE_FORMER || d->enrolled)
			continue;
		r.key_id =
		    (ProtobufCBinaryData){LD_KEY_ID_BYTES, (uint8_t *)(uintptr_t)ld_key_id(d->key)};
		r.reason = LIANDAN__REVOCATION_REASON__REVOCATION_REASON_COMPROMISED;
		r.effective_ms = p->clock_ms;
		e.body_case = LIANDAN__EVENT__BODY_KEY_REVOKED;
		e.key_revoked = &r;
		err = put(p, &e, NULL, NULL);
	}
	return err;
}

/* The generator's paper lets the collector fill in. */
static enum ld_err put_delegation(struct ld_play *p, const struct ld_day_act *a)
{
	Liandan__Event e = LIANDAN__EVENT__INIT;
	Liandan__DelegationGranted g = LIANDAN__DELEGATION_GRANTED__INIT;
	uint8_t paper[LD_HASH_BYTES];
	char *all[1] = {STR("*")};

	ld_arena_reset(&p->arena);
	g.delegation = ld_play_delegation(p, a);
	if (!g.delegation)
		return LD_ERR_NOMEM;
	ld_sha256(g.delegation, strlen(g.delegation), paper);
	g.giver = STR(p->day->trips[a->trip.at].generator.id);
	g.delegate = STR(a->party.id);
	g.actions = LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_CREATE |
		    LIANDAN__DELEGATED_ACTION__DELEGATED_ACTION_SEAL;
	g.n_codes = 1;
	g.codes = all;
	g.from_ms = from_ms(p);
	g.paper = (ProtobufCBinaryData){sizeof(paper), paper};
	e.body_case = LIANDAN__EVENT__BODY_DELEGATION_GRANTED;
	e.delegation_granted = &g;
	return put(p, &e, NULL, NULL);
}

static enum ld_err put_all(struct ld_play *p)
{
	enum ld_err err = put_parties(p);

	for (size_t i = 0; i < p->day->n_sites && !err; i++)
		err = put_site(p, &p->day->sites[i]);
	if (!err)
		err = put_licences(p);
	for (size_t i = 0; i < p->n_devices && !err; i++)
		err = put_person(p, &p->devices[i]);
	for (size_t i = 0; i < p->n_devices && !err; i++)
		err = put_key(p, &p->devices[i]);
	for (size_t i = 0; i < p->day->n_trucks && !err; i++)
		err = put_truck(p, i);
	for (size_t i = 0; i < p->day->n_scales && !err; i++)
		err = put_scale(p, i);
	for (size_t i = 0; i < p->day->n_acts && !err; i++)
		if (p->day->acts[i].word == LD_TROUBLE_delegated ||
		    p->day->acts[i].word == LD_CHEAT_disputed_delegate)
			err = put_delegation(p, &p->day->acts[i]);
	return err ? err : put_revocations(p);
}

/* ---- where chains stand ---- */

struct question {
	struct ld_signer *signer;
	bool answered, known;
};

static void on_signer(void *ctx, struct ld_client *c, const char *json, size_t len)
{
	struct question *q = ctx;

	(void)c;
	q->answered = true;
	q->known = json && ld_signer_at(q->signer, json, len) == LD_OK;
}

static bool wait_for(struct ld_play *p, const bool *flag, int64_t timeout_ms)
{
	int64_t until = ld_loop_now() + timeout_ms;

	while (!*flag && ld_loop_now() < until && !p->interrupted)
		if (ld_loop_step(p->loop, 20))
			return false;
	return *flag;
}

static bool ask_signer(struct ld_play *p, struct ld_signer *signer)
{
	struct question q = {signer, false, false};
	char body[80];
	char hex[2 * LD_KEY_ID_BYTES + 1];

	ld_hex_encode(ld_key_id(signer->key), LD_KEY_ID_BYTES, hex);
	snprintf(body, sizeof(body), "{\"key_id\":\"%s\"}", hex);
	if (ld_client_query(p->authority, "signer", body, strlen(body), on_signer, &q))
		return false;
	/* the question lives on this stack frame: its answer or its time-out must have come */
	while (!q.answered)
		if (ld_loop_step(p->loop, 20))
			break;
	return q.known;
}

static void on_receipt(void *ctx, struct ld_client *c, const struct ld_sent *sent)
{
	struct ld_play *p = ctx;
	const Liandan__Receipt *r = sent->receipt;

	(void)c;
	p->registry_waiting -= p->registry_waiting > 0;
	if (sent->proof == LD_OK)
		p->verified++;
	if (!sent->covered && r->recorded_at_ms > p->clock_ms) {
		p->clock_ms = r->recorded_at_ms;
		p->clock_mono_ms = ld_loop_now();
	}
	if (!sent->covered && r->verdict != LIANDAN__VERDICT__ACCEPTED) {
		p->registry_refused++;
		ld_play_problem(p, "registry: %s %s %s", ld_verdict_name(r->verdict),
				ld_reason_name(r->reason), r->details ? r->details : "");
	}
}

static void on_stuck(void *ctx, struct ld_client *c, const struct ld_sent *sent)
{
	struct ld_play *p = ctx;

	ld_play_problem(p, "registry: %s %s", ld_verdict_name(sent->receipt->verdict),
			sent->receipt->details ? sent->receipt->details : "");
	p->registry_refused++;
	p->registry_waiting = 0;
	ld_client_drop_all(c);
}

static void on_down(void *ctx, struct ld_client *c, const char *why, bool final)
{
	struct ld_play *p = ctx;

	(void)c;
	if (final)
		ld_play_problem(p, "the authority may not connect: %s", why);
	if (final)
		p->interrupted = true;
}

static void on_message(void *ctx, struct ld_client *c, const char *topic, const uint8_t *payload,
		       size_t len, bool retained)
{
	(void)c;
	(void)retained;
	ld_play_heard(ctx, topic, payload, len);
}

static enum ld_err connect_authority(struct ld_play *p, char *why, size_t cap)
{
	struct ld_client_options o;

	ld_net_client_options(p->net, &o);
	o.ctx = p;
	o.calls = (struct ld_client_calls){
	    .receipt = on_receipt, .stuck = on_stuck, .down = on_down, .message = on_message};
	enum ld_err err = ld_client_new(p->loop, &o, &p->authority);
	if (!err)
		err = ld_client_subscribe(p->authority, "$SYS/broker/liandan/clock");
	if (err)
		return err;
	if (!wait_for(p, &p->clock_known, 20000)) {
		snprintf(why, cap,
			 "no clock from the broker: is the plugin loaded, and may %s connect?",
			 p->net->client);
		return LD_ERR_TIMEOUT;
	}
	p->authority_signer.key = p->net->key;
	p->authority_signer.ledger = p->net->id;
	if (!ask_signer(p, &p->authority_signer)) {
		snprintf(why, cap, "the ledger does not know the authority's key");
		return LD_ERR_NOT_FOUND;
	}
	return LD_OK;
}

enum ld_err ld_play_register(struct ld_play *p, char *why, size_t cap)
{
	enum ld_err err = connect_authority(p, why, cap);

	if (err)
		return err;
	for (size_t i = 0; i < p->n_devices && p->opt.keys_dir; i++)
		p->devices[i].enrolled = ask_signer(p, &p->devices[i].signer);
	err = put_all(p);
	int64_t until = ld_loop_now() + REGISTER_TIMEOUT_MS;
	while (!err && ld_client_queued(p->authority) > 0 && ld_loop_now() < until &&
	       !p->interrupted)
		err = ld_loop_step(p->loop, 20);
	if (!err && (p->registry_refused > 0 || ld_client_queued(p->authority) > 0)) {
		snprintf(why, cap, "%zu registry events refused, %zu without receipt%s",
			 p->registry_refused, ld_client_queued(p->authority),
			 p->registry_refused ? "; has this ledger played this day already? Give "
					       "--keys DIR, or a new region"
					     : "");
		return LD_ERR_REFUSED;
	}
	return err;
}
