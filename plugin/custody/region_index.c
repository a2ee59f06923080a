#include <string.h>

#include "plugin/custody/apply.h"
#include "plugin/custody/region.h"
#include "plugin/custody/tables.h"
#include "proto/digest.h"

/* Runs on the index thread: its own memory, nothing shared. */

#define MANIFESTS_PER_EVENT 64

static void put_be(uint8_t *p, uint64_t v, int n)
{
	for (int i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

static void emit_str(ld_index_emit emit, void *sink, uint8_t kind, const char *s)
{
	size_t n = strnlen(s, LD_MAX_ID_BYTES);

	if (n != 0)
		emit(sink, kind, s, n);
}

static void plates_of(const Liandan__Event *e, ld_index_emit emit, void *sink)
{
	switch (e->body_case) {
	case LIANDAN__EVENT__BODY_TRACK:
		emit_str(emit, sink, LD_IX_VEHICLE, e->track->plate);
		break;
	case LIANDAN__EVENT__BODY_SENSOR_EVENT:
		emit_str(emit, sink, LD_IX_VEHICLE, e->sensor_event->plate);
		break;
	case LIANDAN__EVENT__BODY_HANDOVER_TAKEN:
		emit_str(emit, sink, LD_IX_VEHICLE, e->handover_taken->plate);
		break;
	case LIANDAN__EVENT__BODY_WEIGHED:
		emit_str(emit, sink, LD_IX_VEHICLE, e->weighed->plate);
		break;
	case LIANDAN__EVENT__BODY_ARRIVED:
		emit_str(emit, sink, LD_IX_VEHICLE, e->arrived->plate);
		break;
	default:
		break;
	}
}

static int nibble(char ch)
{
	return ch >= '0' && ch <= '9' ? ch - '0' : ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

static void emit_hex_manifest(const char *hex, ld_index_emit emit, void *sink)
{
	uint8_t id[LD_UUID_BYTES];

	if (strlen(hex) != 2 * sizeof id)
		return;
	for (size_t i = 0; i < sizeof id; i++) {
		int hi = nibble(hex[2 * i]), lo = nibble(hex[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return;
		id[i] = (uint8_t)(hi << 4 | lo);
	}
	emit(sink, LD_IX_MANIFEST, id, sizeof id);
}

static void keys_of_event(const Liandan__Envelope *env, ld_index_emit emit, void *sink)
{
	Liandan__Event *e = liandan__event__unpack(NULL, env->event.len, env->event.data);
	ProtobufCBinaryData ids[MANIFESTS_PER_EVENT];
	uint8_t hash[LD_HASH_BYTES], key[LD_KEY_ID_BYTES + 12];
	size_t n;

	if (e == NULL)
		return;
	ld_sha256(env->event.data, env->event.len, hash);
	emit(sink, LD_IX_HASH, hash, 16);
	if (e->submitter.len == LD_KEY_ID_BYTES) {
		memcpy(key, e->submitter.data, LD_KEY_ID_BYTES);
		put_be(key + LD_KEY_ID_BYTES, e->epoch, 4);
		put_be(key + LD_KEY_ID_BYTES + 4, e->seq, 8);
		emit(sink, LD_IX_SIGNER, key, sizeof key);
	}
	n = ld_manifests_of(e, ids, MANIFESTS_PER_EVENT);
	for (size_t i = 0; i < n; i++)
		emit(sink, LD_IX_MANIFEST, ids[i].data, ids[i].len);
	if (e->body_case == LIANDAN__EVENT__BODY_HOLD_PLACED &&
	    e->hold_placed->subject_kind == LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST)
		emit_hex_manifest(e->hold_placed->subject, emit, sink);
	plates_of(e, emit, sink);
	liandan__event__free_unpacked(e, NULL);
}

static void keys_of_anomaly(const Liandan__AnomalyRaised *a, ld_index_emit emit, void *sink)
{
	emit_str(emit, sink, LD_IX_ANOMALY, a->subject);
	emit_hex_manifest(a->manifest, emit, sink);
	if (a->subject_kind == LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST &&
	    strcmp(a->subject, a->manifest) != 0)
		emit_hex_manifest(a->subject, emit, sink);
	if (a->subject_kind == LIANDAN__SUBJECT_KIND__SUBJECT_KIND_VEHICLE)
		emit_str(emit, sink, LD_IX_VEHICLE, a->subject);
}

static void keys_of_own(const Liandan__OwnEvent *o, ld_index_emit emit, void *sink)
{
	switch (o->body_case) {
	case LIANDAN__OWN_EVENT__BODY_MANIFEST_CLOSED:
		emit(sink, LD_IX_MANIFEST, o->manifest_closed->manifest.data,
		     o->manifest_closed->manifest.len);
		break;
	case LIANDAN__OWN_EVENT__BODY_DEADLINE_MISSED:
		if (o->deadline_missed->subject_kind ==
		    LIANDAN__SUBJECT_KIND__SUBJECT_KIND_MANIFEST)
			emit_hex_manifest(o->deadline_missed->subject, emit, sink);
		break;
	case LIANDAN__OWN_EVENT__BODY_ANOMALY_RAISED:
		keys_of_anomaly(o->anomaly_raised, emit, sink);
		break;
	case LIANDAN__OWN_EVENT__BODY_ANOMALY_UPDATED:
		if (o->anomaly_updated->now != NULL)
			keys_of_anomaly(o->anomaly_updated->now, emit, sink);
		break;
	default:
		break;
	}
}

void ld_region_index_keys(uint64_t index, const uint8_t *entry, size_t len, ld_index_emit emit,
			  void *sink)
{
	Liandan__Entry *e = liandan__entry__unpack(NULL, len, entry);

	(void)index;
	if (e == NULL)
		return;
	if (e->content_case == LIANDAN__ENTRY__CONTENT_ENVELOPE) {
		Liandan__Envelope *env =
		    liandan__envelope__unpack(NULL, e->envelope.len, e->envelope.data);

		if (env != NULL) {
			keys_of_event(env, emit, sink);
			liandan__envelope__free_unpacked(env, NULL);
		}
	} else if (e->content_case == LIANDAN__ENTRY__CONTENT_OWN_EVENT) {
		Liandan__OwnEvent *o =
		    liandan__own_event__unpack(NULL, e->own_event.len, e->own_event.data);

		if (o != NULL) {
			keys_of_own(o, emit, sink);
			liandan__own_event__free_unpacked(o, NULL);
		}
	}
	liandan__entry__free_unpacked(e, NULL);
}
