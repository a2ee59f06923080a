#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "deploy/cli/tracks.h"
#include "proto/base64.h"
#include "proto/verdict.h"

#define DAY_MS (INT64_C(24) * 3600000)
#define CONNECT_MS 60000
#define REGISTER_MS 120000
#define SETTLE_MS 120000
#define AFTER_MS 2500
#define AHEAD 64 /* tracks waiting in one client before its vehicle pauses */
#define NO_TAG UINT64_MAX

struct fleet;

/* One vehicle's terminal and the track it is gathering. */
struct terminal {
	struct fleet *fleet;
	const char *plate;
	char device[LD_MAX_ID_BYTES + 1];
	char client_id[2 * LD_MAX_ID_BYTES + 2];
	struct ld_key *key;
	struct ld_signer signer;
	struct ld_client *client;
	bool enrolled;
	size_t n;
	struct ld_tracks_fix fix[LD_TRACKS_MAX_GROUP];
};

struct fleet {
	struct ld_net *net;
	const struct ld_tracks_options *opt;
	const struct ld_tracks_data *data;
	struct ld_tracks_result *r;
	struct ld_loop *loop;
	struct ld_client *authority;
	struct ld_signer signer;
	struct terminal *t;
	bool clock_known, failed;
	int64_t now_ms; /* ledger's, as last told */
	char problem[300];
};

/* ---- callbacks ---- */

static void count(struct fleet *f, const struct ld_sent *s)
{
	if (s->proof == LD_OK)
		f->r->verified++;
	else if (s->in_ledger)
		f->r->unverified++;
	if (s->waited_ms > f->r->slowest_ms)
		f->r->slowest_ms = s->waited_ms;
}

static void track_receipt(void *ctx, struct ld_client *c, const struct ld_sent *s)
{
	struct terminal *t = ctx;
	uint32_t verdict = (uint32_t)s->receipt->verdict;

	(void)c;
	count(t->fleet, s);
	/* for tracks one receipt a commit: the last one's covers those before it */
	t->fleet->r->covered += s->covered;
	if (s->covered)
		verdict = LIANDAN__VERDICT__ACCEPTED;
	if (verdict < 32)
		t->fleet->r->verdicts[verdict]++;
}

static void track_stuck(void *ctx, struct ld_client *c, const struct ld_sent *s)
{
	struct terminal *t = ctx;

	track_receipt(ctx, c, s);
	snprintf(t->fleet->problem, sizeof(t->fleet->problem), "%s: %s %.120s", t->client_id,
		 ld_verdict_name(s->receipt->verdict),
		 s->receipt->details ? s->receipt->details : "");
	t->fleet->failed = true;
}

static void terminal_down(void *ctx, struct ld_client *c, const char *why, bool final)
{
	struct terminal *t = ctx;

	(void)c;
	if (!final)
		return;
	snprintf(t->fleet->problem, sizeof(t->fleet->problem), "%s may not connect: %.120s",
		 t->client_id, why);
	t->fleet->failed = true;
}

static void authority_receipt(void *ctx, struct ld_client *c, const struct ld_sent *s)
{
	struct fleet *f = ctx;

	(void)c;
	count(f, s);
	if (s->covered || s->receipt->verdict == LIANDAN__VERDICT__ACCEPTED)
		return;
	f->r->refused_registry++;
	snprintf(f->problem, sizeof(f->problem), "registry: %s %s %.120s",
		 ld_verdict_name(s->receipt->verdict), ld_reason_name(s->receipt->reason),
		 s->receipt->details ? s->receipt->details : "");
}

static void authority_stuck(void *ctx, struct ld_client *c, const struct ld_sent *s)
{
	struct fleet *f = ctx;

	authority_receipt(ctx, c, s);
	f->failed = true;
}

static void authority_down(void *ctx, struct ld_client *c, const char *why, bool final)
{
	struct fleet *f = ctx;

	(void)c;
	if (final) {
		snprintf(f->problem, sizeof(f->problem), "the authority may not connect: %.150s",
			 why);
		f->failed = true;
	}
}

static void heard_anomaly(struct fleet *f, const cJSON *o)
{
	const cJSON *what = cJSON_GetObjectItemCaseSensitive(o, "what");
	const cJSON *kind = cJSON_GetObjectItemCaseSensitive(o, "kind");
	const cJSON *level = cJSON_GetObjectItemCaseSensitive(o, "level");
	const ProtobufCEnumValue *v =
	    cJSON_IsString(kind) ? protobuf_c_enum_descriptor_get_value_by_name(
				       &liandan__anomaly_kind__descriptor, kind->valuestring)
				 : NULL;

	if (!cJSON_IsString(what) || strcmp(what->valuestring, "raised") != 0 || !v ||
	    v->value < 0 || v->value > 9)
		return;
	int l = cJSON_IsNumber(level) ? (int)level->valuedouble : 0;
	f->r->anomalies[v->value][l >= 0 && l <= 4 ? l : 0]++;
}

static void on_message(void *ctx, struct ld_client *c, const char *topic, const uint8_t *payload,
		       size_t len, bool retained)
{
	struct fleet *f = ctx;
	cJSON *o = cJSON_ParseWithLength((const char *)payload, len);

	(void)c;
	(void)retained;
	if (strncmp(topic, "$SYS/", 5) == 0) {
		const cJSON *now = cJSON_GetObjectItemCaseSensitive(o, "now_ms");
		if (cJSON_IsNumber(now)) {
			f->now_ms = (int64_t)now->valuedouble;
			f->clock_known = true;
		}
	} else if (cJSON_IsObject(o)) {
		heard_anomaly(f, o);
	}
	cJSON_Delete(o);
}

/* ---- connecting ---- */

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

static bool ask_signer(struct fleet *f, struct ld_signer *signer)
{
	struct question q = {signer, false, false};
	char hex[2 * LD_KEY_ID_BYTES + 1];
	char body[80];

	ld_hex_encode(ld_key_id(signer->key), LD_KEY_ID_BYTES, hex);
	snprintf(body, sizeof(body), "{\"key_id\":\"%s\"}", hex);
	if (ld_client_query(f->authority, "signer", body, strlen(body), on_signer, &q))
		return false;
	while (!q.answered && ld_loop_step(f->loop, 20) == LD_OK)
		;
	return q.known;
}

static enum ld_err connect_authority(struct fleet *f)
{
	struct ld_client_options o;
	char filter[128];

	ld_net_client_options(f->net, &o);
	o.ctx = f;
	o.calls = (struct ld_client_calls){.receipt = authority_receipt,
					   .stuck = authority_stuck,
					   .down = authority_down,
					   .message = on_message};
	enum ld_err err = ld_client_new(f->loop, &o, &f->authority);
	snprintf(filter, sizeof(filter), "waste/v1/%s/anomaly/#", f->net->id.region);
	if (!err)
		err = ld_client_subscribe(f->authority, filter);
	if (!err)
		err = ld_client_subscribe(f->authority, "$SYS/broker/liandan/clock");
	int64_t until = ld_loop_now() + CONNECT_MS;
	while (!err && !f->clock_known && !f->failed && ld_loop_now() < until)
		err = ld_loop_step(f->loop, 20);
	if (err || !f->clock_known)
		return err ? err : LD_ERR_TIMEOUT;
	f->signer.key = f->net->key;
	f->signer.ledger = f->net->id;
	if (!ask_signer(f, &f->signer)) {
		snprintf(f->problem, sizeof(f->problem),
			 "the ledger does not know the authority's key");
		return LD_ERR_NOT_FOUND;
	}
	return LD_OK;
}

static enum ld_err connect_terminals(struct fleet *f)
{
	size_t ready = 0;
	int64_t until = ld_loop_now() + CONNECT_MS;

	for (size_t i = 0; i < f->data->n_vehicles; i++) {
		struct ld_client_options o;
		struct terminal *t = &f->t[i];
		ld_net_client_options(f->net, &o);
		o.client_id = t->client_id;
		o.key = t->key;
		o.cert = o.cert_key = NULL;
		o.ctx = t;
		o.calls = (struct ld_client_calls){
		    .receipt = track_receipt, .stuck = track_stuck, .down = terminal_down};
		enum ld_err err = ld_client_new(f->loop, &o, &t->client);
		if (err)
			return err;
	}
	while (ready < f->data->n_vehicles && !f->failed && ld_loop_now() < until) {
		if (ld_loop_step(f->loop, 20))
			return LD_ERR_IO;
		ready = 0;
		for (size_t i = 0; i < f->data->n_vehicles; i++)
			ready += ld_client_ready(f->t[i].client);
	}
	if (ready == f->data->n_vehicles)
		return LD_OK;
	if (!f->problem[0])
		snprintf(f->problem, sizeof(f->problem), "only %zu of %zu terminals could connect",
			 ready, f->data->n_vehicles);
	return LD_ERR_TIMEOUT;
}

/* ---- registering ---- */

static enum ld_err put(struct fleet *f, Liandan__Event *e, struct ld_key *cosigner,
		       uint8_t hash[LD_HASH_BYTES])
{
	struct ld_gate_fault fault = {0, "", ""};
	uint8_t *bytes = NULL;
	size_t len = 0;

	e->occurred_at_ms = f->now_ms;
	e->clock = LIANDAN__CLOCK__CLOCK_NTP;
	enum ld_err err =
	    ld_signer_seal(&f->signer, e, &cosigner, cosigner ? 1 : 0, &bytes, &len, hash, &fault);
	if (err) {
		snprintf(f->problem, sizeof(f->problem), "cannot sign: %s %s", fault.field,
			 fault.what ? fault.what : ld_err_text(err));
		return err;
	}
	err = ld_client_queue(f->authority, LD_LANE_TELEMETRY, bytes, len, NO_TAG);
	free(bytes);
	return err;
}

static enum ld_err put_carrier(struct fleet *f)
{
	Liandan__Event e = LIANDAN__EVENT__INIT;
	Liandan__PartyRegistered r = LIANDAN__PARTY_REGISTERED__INIT;

	r.party = (char *)(uintptr_t)f->opt->carrier;
	r.name = r.party;
	r.roles = LIANDAN__ROLE__ROLE_CARRIER;
	r.from_ms = f->now_ms - DAY_MS;
	e.body_case = LIANDAN__EVENT__BODY_PARTY_REGISTERED;
	e.party_registered = &r;
	return put(f, &e, NULL, NULL);
}

static enum ld_err put_vehicle(struct fleet *f, struct terminal *t)
{
	Liandan__Event e = LIANDAN__EVENT__INIT;
	Liandan__KeyEnrolled k = LIANDAN__KEY_ENROLLED__INIT;
	Liandan__VehicleRegistered v = LIANDAN__VEHICLE_REGISTERED__INIT;
	Liandan__TerminalMounted m = LIANDAN__TERMINAL_MOUNTED__INIT;
	size_t len = 0;
	const uint8_t *spki = ld_key_spki(t->key, &len);
	char *carrier = (char *)(uintptr_t)f->opt->carrier;
	char *plate = (char *)(uintptr_t)t->plate;

	k.spki = (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)spki};
	k.algorithm = ld_key_algorithm(t->key);
	k.party = carrier;
	k.device = k.subject_id = t->device;
	k.subject = LIANDAN__KEY_SUBJECT__KEY_SUBJECT_TERMINAL;
	k.roles = LIANDAN__ROLE__ROLE_TERMINAL;
	k.protection = LIANDAN__PROTECTION__PROTECTION_SOFTWARE;
	k.from_ms = f->now_ms - DAY_MS;
	e.body_case = LIANDAN__EVENT__BODY_KEY_ENROLLED;
	e.key_enrolled = &k;
	enum ld_err err = put(f, &e, t->key, t->signer.prev);
	if (err)
		return err;
	liandan__event__init(&e);
	v.plate = plate;
	v.party = carrier;
	v.kind = LIANDAN__VEHICLE_KIND__VEHICLE_KIND_TRUCK;
	e.body_case = LIANDAN__EVENT__BODY_VEHICLE_REGISTERED;
	e.vehicle_registered = &v;
	err = put(f, &e, NULL, NULL);
	if (err)
		return err;
	liandan__event__init(&e);
	m.terminal = t->device;
	m.key_id = (ProtobufCBinaryData){LD_KEY_ID_BYTES, (uint8_t *)(uintptr_t)ld_key_id(t->key)};
	m.plate = plate;
	m.at_ms = f->now_ms - DAY_MS;
	e.body_case = LIANDAN__EVENT__BODY_TERMINAL_MOUNTED;
	e.terminal_mounted = &m;
	return put(f, &e, NULL, NULL);
}

static enum ld_err key_for(struct fleet *f, struct terminal *t)
{
	char path[4096];
	char *pem = NULL;

	if (f->opt->keys_dir) {
		snprintf(path, sizeof(path), "%s/%s@%s.pem", f->opt->keys_dir, t->device,
			 f->opt->carrier);
		if (access(path, F_OK) == 0)
			return ld_key_file(path, &t->key, f->problem, sizeof(f->problem));
	}
	if (f->opt->expect) {
		snprintf(f->problem, sizeof(f->problem), "no key for vehicle %.64s in --keys",
			 t->plate);
		return LD_ERR_NOT_FOUND;
	}
	enum ld_err err = ld_key_generate(LIANDAN__ALGORITHM__ALGORITHM_P256, &t->key);
	if (err || !f->opt->keys_dir)
		return err;
	err = ld_key_to_pem(t->key, &pem);
	if (!err)
		err = ld_file_write(path, pem, strlen(pem), true, f->problem, sizeof(f->problem));
	if (pem)
		explicit_bzero(pem, strlen(pem));
	free(pem);
	return err;
}

static enum ld_err make_terminals(struct fleet *f)
{
	if (f->opt->keys_dir && mkdir(f->opt->keys_dir, 0700) != 0 && errno != EEXIST) {
		snprintf(f->problem, sizeof(f->problem), "%.150s: %s", f->opt->keys_dir,
			 strerror(errno));
		return LD_ERR_IO;
	}
	for (size_t i = 0; i < f->data->n_vehicles; i++) {
		struct terminal *t = &f->t[i];
		t->fleet = f;
		t->plate = f->data->vehicles[i];
		snprintf(t->device, sizeof(t->device), "gps-%.60s", t->plate);
		snprintf(t->client_id, sizeof(t->client_id), "%.64s/%s", f->opt->carrier,
			 t->device);
		enum ld_err err = key_for(f, t);
		if (err)
			return err;
		t->signer.key = t->key;
		t->signer.ledger = f->net->id;
		t->enrolled = f->opt->keys_dir && ask_signer(f, &t->signer);
	}
	return LD_OK;
}

static enum ld_err register_fleet(struct fleet *f)
{
	enum ld_err err = f->opt->expect ? LD_OK : put_carrier(f);
	int64_t until = ld_loop_now() + REGISTER_MS;

	for (size_t i = 0; i < f->data->n_vehicles && !err; i++)
		if (!f->t[i].enrolled && !f->opt->expect)
			err = put_vehicle(f, &f->t[i]);
	while (!err && ld_client_queued(f->authority) > 0 && !f->failed && ld_loop_now() < until)
		err = ld_loop_step(f->loop, 20);
	if (err || (f->r->refused_registry == 0 && ld_client_queued(f->authority) == 0))
		return err;
	return LD_ERR_REFUSED;
}

/* ---- tracks ---- */

static bool fits_i32(int64_t v)
{
	return v >= INT32_MIN && v <= INT32_MAX;
}

static enum ld_err send_track(struct fleet *f, struct terminal *t)
{
	Liandan__Event e = LIANDAN__EVENT__INIT;
	Liandan__Track k = LIANDAN__TRACK__INIT;
	Liandan__TrackBase base = LIANDAN__TRACK_BASE__INIT;
	int32_t dt[LD_TRACKS_MAX_GROUP], dlat[LD_TRACKS_MAX_GROUP], dlon[LD_TRACKS_MAX_GROUP];
	uint8_t *bytes = NULL;
	size_t len = 0;

	if (t->n == 0)
		return LD_OK;
	for (size_t i = 1; i < t->n; i++) {
		dt[i - 1] = (int32_t)(t->fix[i].t_ms - t->fix[i - 1].t_ms);
		dlat[i - 1] = t->fix[i].lat_e7 - t->fix[i - 1].lat_e7;
		dlon[i - 1] = t->fix[i].lon_e7 - t->fix[i - 1].lon_e7;
	}
	base.t_gnss_ms = t->fix[0].t_ms + f->r->shift_ms;
	base.lat_e7 = t->fix[0].lat_e7;
	base.lon_e7 = t->fix[0].lon_e7;
	k.plate = (char *)(uintptr_t)t->plate;
	k.terminal = t->device;
	k.base_fix = &base;
	k.n_dt_ms = k.n_dlat_e7 = k.n_dlon_e7 = t->n - 1;
	k.dt_ms = dt;
	k.dlat_e7 = dlat;
	k.dlon_e7 = dlon;
	k.attested_by = LIANDAN__ATTESTATION__ATTESTATION_TERMINAL;
	e.occurred_at_ms = t->fix[t->n - 1].arrival_ms + f->r->shift_ms;
	e.clock = LIANDAN__CLOCK__CLOCK_GNSS;
	e.body_case = LIANDAN__EVENT__BODY_TRACK;
	e.track = &k;
	enum ld_err err = ld_signer_seal(&t->signer, &e, NULL, 0, &bytes, &len, NULL, NULL);
	if (!err)
		err = ld_client_queue(t->client, LD_LANE_TELEMETRY, bytes, len, f->r->tracks);
	free(bytes);
	f->r->tracks++;
	f->r->fixes += t->n;
	t->n = 0;
	return err;
}

/* Does this fix belong to the track that is being gathered? */
static bool continues(const struct fleet *f, const struct terminal *t,
		      const struct ld_tracks_fix *x)
{
	const struct ld_tracks_fix *last = &t->fix[t->n - 1];

	return t->n < f->opt->group && x->arrival_ms - t->fix[0].arrival_ms <= f->opt->gap_ms &&
	       fits_i32(x->t_ms - last->t_ms) && fits_i32((int64_t)x->lat_e7 - last->lat_e7) &&
	       fits_i32((int64_t)x->lon_e7 - last->lon_e7);
}

/* Tracks whose vehicle has been silent for a while in arrivals go out in order of arrival. */
static enum ld_err flush_old(struct fleet *f, int64_t arrival_ms)
{
	enum ld_err err = LD_OK;

	for (size_t i = 0; i < f->data->n_vehicles && !err; i++)
		if (f->t[i].n > 0 && arrival_ms - f->t[i].fix[0].arrival_ms > f->opt->gap_ms)
			err = send_track(f, &f->t[i]);
	return err;
}

static enum ld_err pace(struct fleet *f, const struct terminal *t, int64_t arrival_ms,
			int64_t begun_ms)
{
	int64_t first = f->data->fixes[0].arrival_ms;
	enum ld_err err = LD_OK;

	do
		err = ld_loop_step(f->loop, 0);
	while (
	    !err && !f->failed &&
	    (ld_client_queued(t->client) > AHEAD ||
	     (f->opt->rate > 0 && (ld_loop_now() - begun_ms) * f->opt->rate < arrival_ms - first)));
	return err;
}

static enum ld_err send_all(struct fleet *f)
{
	int64_t begun = ld_loop_now();
	int64_t flushed = f->data->fixes[0].arrival_ms;
	enum ld_err err = LD_OK;

	for (size_t i = 0; i < f->data->n_fixes && !err && !f->failed; i++) {
		const struct ld_tracks_fix *x = &f->data->fixes[i];
		struct terminal *t = &f->t[x->vehicle];
		if (x->arrival_ms - flushed >= 30000) {
			flushed = x->arrival_ms;
			err = flush_old(f, x->arrival_ms);
		}
		if (!err && t->n > 0 && !continues(f, t, x))
			err = send_track(f, t);
		t->fix[t->n++] = *x;
		if (!err &&
		    (i % 16 == 0 || f->opt->rate > 0 || ld_client_queued(t->client) > AHEAD))
			err = pace(f, t, x->arrival_ms, begun);
	}
	for (size_t i = 0; i < f->data->n_vehicles && !err; i++)
		err = send_track(f, &f->t[i]);
	return err;
}

static size_t unreceipted(const struct fleet *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->data->n_vehicles; i++)
		n += f->t[i].client ? ld_client_queued(f->t[i].client) : 0;
	return n;
}

static enum ld_err run(struct fleet *f)
{
	enum ld_err err = connect_authority(f);

	if (!err)
		err = make_terminals(f);
	if (!err)
		err = register_fleet(f);
	if (!err)
		err = connect_terminals(f);
	if (err)
		return err;
	int64_t begun = ld_loop_now();
	if (!f->opt->as_recorded)
		f->r->shift_ms = f->now_ms - f->data->fixes[f->data->n_fixes - 1].arrival_ms;
	err = send_all(f);
	int64_t until = ld_loop_now() + SETTLE_MS;
	while (!err && unreceipted(f) > 0 && !f->failed && ld_loop_now() < until)
		err = ld_loop_step(f->loop, 10);
	f->r->took_ms = ld_loop_now() - begun;
	until = ld_loop_now() + AFTER_MS; /* what the regulator still hears */
	while (!err && ld_loop_now() < until)
		err = ld_loop_step(f->loop, 50);
	f->r->unreceipted = unreceipted(f);
	return f->failed ? LD_ERR_REFUSED : err;
}

enum ld_err ld_tracks_send(struct ld_cli *cli, struct ld_net *net,
			   const struct ld_tracks_options *opt, const struct ld_tracks_data *data,
			   struct ld_tracks_result *out, char *why, size_t cap)
{
	struct fleet f = {.net = net, .opt = opt, .data = data, .r = out};
	enum ld_err err = LD_ERR_NOMEM;

	(void)cli;
	memset(out, 0, sizeof(*out));
	f.t = calloc(data->n_vehicles, sizeof(*f.t));
	if (f.t)
		err = ld_loop_new(&f.loop);
	if (!err)
		err = run(&f);
	if (err)
		snprintf(why, cap, "%s", f.problem[0] ? f.problem : ld_err_text(err));
	ld_loop_free(f.loop);
	for (size_t i = 0; f.t && i < data->n_vehicles; i++)
		ld_key_free(f.t[i].key);
	free(f.t);
	return err;
}
